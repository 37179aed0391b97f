// Sessions: who signed in, by the hash of a random cookie; and how often one may try.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "control/protocol.h"

namespace sekisho {

struct Visitor {
  std::string name;  // of the token
  Role role = Role::none;
};

// Any threads. Times are the caller's clock. In memory only: a restart signs everybody out.
class Sessions {
 public:
  static constexpr std::size_t kMost = 1000;  // the one unused for longest goes when another comes
  static constexpr DurationNs kIdle = 12 * 3600 * kSecond, kLongest = 7 * 24 * 3600 * kSecond;

  void add(std::string_view cookie, const Visitor& visitor, TimeNs now);
  std::optional<Visitor> find(std::string_view cookie, TimeNs now);
  void remove(std::string_view cookie);
  void remove_all_of(std::string_view token_name);
  std::size_t size() const;

 private:
  struct Session {
    Visitor visitor;
    TimeNs created = 0, used = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Session, std::less<>> sessions_;  // by SHA-256: a copy of the memory is no bunch of keys
};

// Failed tries: five at once from one address, then one more every ten seconds; thirty a minute from all together.
// The tables are bounded; what is forgotten is the address that has been quiet for longest.
class LoginLimit {
 public:
  // How long to wait before the next try; 0: go on.
  DurationNs wait(const std::string& peer, TimeNs now);
  void failed(const std::string& peer, TimeNs now);

 private:
  struct Bucket {
    double tries = 0;  // used up
    TimeNs at = 0;
  };
  static constexpr std::size_t kMost = 2000;
  static void leak(Bucket& bucket, double a_second, TimeNs now);
  std::mutex mutex_;
  std::map<std::string, Bucket> peers_;
  Bucket all_;
};

}  // namespace sekisho
