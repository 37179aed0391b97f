// LogLogins: the bounded table of who tried to log in, from log lines.
#pragma once
#include <functional>
#include <vector>

#include "features/bounded_table.h"
#include "features/log_source.h"

namespace sekisho {

// Lines of one connection belong together: "Invalid user", "Failed password" and "Connection closed by invalid user" are one attempt.
// Each form is counted by itself within a connection; the attempts are the largest of these counts.
class LogLogins {
 public:
  // most_sources, most_users: bounds of the tables.
  LogLogins(HashKey key, std::size_t most_sources, std::size_t most_users);
  // Logins and probes; `now` never goes back but by restart().
  void on_event(const LogEvent& event, TimeNs now);
  // The clock was set back to `now`: windows begin anew, totals stay.
  void restart(TimeNs now);
  // Sources that changed since the last call, in order of first change; what is distributed, at most once a minute.
  void collect(TimeNs now, bool last, std::vector<LoginFact>& logins, std::vector<DistributedFact>& distributed);
  void take_hits(std::vector<LogHit>& out);
  // Every source there is, newest first.
  void for_each(const std::function<void(const LoginFact&)>& f);
  struct UserCount {
    LogService service;
    std::string_view name;
    std::uint64_t failures;
  };
  void for_each_user(const std::function<void(const UserCount&)>& f);
  std::uint64_t evictions() const { return sources_.evictions(); }
  std::uint64_t user_evictions() const { return users_.evictions(); }
  std::size_t users() const { return users_.size(); }

 private:
  struct Key {
    Address source;
    LogService service = LogService::none;
    bool honeypot = false;
    friend bool operator==(const Key&, const Key&) = default;
  };
  friend std::uint64_t hash_of(const HashKey& hash_key, const Key& key) {
    return keyed_hash(hash_key, key.source.high ^ static_cast<std::uint64_t>(key.service) << 1 ^ key.honeypot, key.source.low);
  }
  struct UserKey {
    LogService service = LogService::none;
    std::uint64_t name = 0;  // keyed hash
    friend bool operator==(const UserKey&, const UserKey&) = default;
  };
  friend std::uint64_t hash_of(const HashKey& hash_key, const UserKey& key) {
    return keyed_hash(hash_key, key.name, static_cast<std::uint64_t>(key.service));
  }
  struct User {
    ShortText<31> name;
    std::uint64_t failures = 0;
  };
  static constexpr std::size_t kForms = 6, kConnections = 16, kTried = 16, kMinutes = 60, kHours = 24;
  struct Connection {
    std::uint32_t id = 0, minute = 0;
    std::uint8_t counted = 0;
    std::array<std::uint8_t, kForms> forms{};
  };
  struct Tried {
    std::uint32_t hash = 0, minute = 0, count = 0;
  };
  struct Entry {
    TimeNs first_seen = 0, last_seen = 0;
    std::uint32_t failures = 0, reported = 0, probes = 0, successes = 0, default_users = 0, mirai = 0, since_success = 0;
    std::uint32_t before_success = 0, same_user = 0, worst_success = 0, peak = 0, peak_users = 0;
    std::uint32_t minute = 0, hour = 0;  // of the newest bins
    std::array<std::uint16_t, kMinutes> minutes{};
    std::array<std::uint16_t, kHours> hours{};
    std::array<Connection, kConnections> connections{};
    std::array<Tried, kTried> tried{};
    ShortText<31> user;
    bool key_login = false, changed = false, has_hits = false;
    std::uint16_t port = 0;
    PendingHits pending;
  };

  std::uint32_t attempts(Entry& e, const LogEvent& event, std::uint32_t minute) const;
  void advance(Entry& e, TimeNs now) const;
  void failed(const Key& key, Entry& e, const LogEvent& event, std::uint32_t n, std::uint32_t minute);
  LoginFact fact(const Key& key, const Entry& e) const;
  void find_distributed(TimeNs now, std::vector<DistributedFact>& out);
  LogService session_service(const LogEvent& event);

  HashKey key_;
  BoundedTable<Key, Entry> sources_;
  BoundedTable<UserKey, User> users_;
  std::vector<Key> changed_, with_hits_;
  std::vector<LogHit> evicted_hits_;
  // Cowrie says which protocol a session speaks only when it begins.
  std::array<std::pair<std::uint32_t, LogService>, 4096> sessions_{};
  std::uint32_t distributed_minute_ = 0;
  bool distributed_due_ = false;
};

}  // namespace sekisho
