// Counts logins by source, and finds sources that share their users.
#include "features/log_logins.h"

#include <map>

namespace sekisho {
namespace {

// Users that devices and appliances come with (FACTS section 11).
bool is_default_user(std::string_view user) {
  for (const std::string_view name : {"root", "admin", "support", "ubnt", "guest", "default", "user", "pi", "service", "supervisor"})
    if (user == name) return true;
  return false;
}

// Passwords that only Mirai's published list and its children try: factory passwords of cameras, recorders and routers.
bool is_mirai_password(std::string_view password) {
  for (const std::string_view word :
       {"xc3511", "vizxv", "xmhdipc", "juantech", "klv123", "klv1234", "Zte521", "hi3518", "jvbzd", "anko", "zlxx.", "7ujMko0vizxv",
        "7ujMko0admin", "ikwb", "dreambox", "realtek", "smcadmin", "meinsm", "54321", "888888", "666666", "00000000"})
    if (password == word) return true;
  return false;
}

// Which form of a failure a line is; each occurs once an attempt.
std::size_t form_of(const LogEvent& event) {
  if (event.kind == LogKind::login_failed) return 0;
  if (event.rule.ends_with("Failed none")) return 1;
  if (event.rule.ends_with("Invalid user")) return 2;
  if (event.rule.ends_with("by user") || event.rule.ends_with("from user") || event.rule.ends_with("Disconnecting user")) return 3;
  if (event.rule.find("pam") != std::string_view::npos) return 4;
  return 5;
}

std::uint32_t minute_of(TimeNs now) { return static_cast<std::uint32_t>(now / kMinute); }

}  // namespace

LogLogins::LogLogins(HashKey key, std::size_t most_sources, std::size_t most_users)
    : key_(key), sources_(key, most_sources), users_(key, most_users) {}

// How many new attempts this line amounts to.
std::uint32_t LogLogins::attempts(Entry& e, const LogEvent& event, std::uint32_t minute) const {
  if (event.connection == 0) return event.repeats;
  constexpr std::uint32_t kForgotten = 5;  // minutes: a process number may come again
  Connection* slot = &e.connections[0];
  for (auto& c : e.connections) {
    if (c.id == event.connection && minute - c.minute <= kForgotten) {
      slot = &c;
      break;
    }
    if (c.minute < slot->minute) slot = &c;
  }
  if (slot->id != event.connection || minute - slot->minute > kForgotten) *slot = {event.connection};
  slot->minute = minute;
  auto& form = slot->forms[form_of(event)];
  form = static_cast<std::uint8_t>(std::min<std::uint32_t>(form + event.repeats, 255));
  if (form == 255) return event.repeats;
  const std::uint32_t more = form > slot->counted ? form - slot->counted : 0U;
  slot->counted = std::max(slot->counted, form);
  return more;
}

void LogLogins::advance(Entry& e, TimeNs now) const {
  const std::uint32_t minute = minute_of(now), hour = minute / 60;
  if (minute > e.minute) {
    const auto gone = std::min<std::uint32_t>(minute - e.minute, kMinutes);
    for (std::uint32_t i = 0; i < gone; ++i) e.minutes[(minute - i) % kMinutes] = 0;
    e.minute = minute;
  }
  if (hour > e.hour) {
    const auto gone = std::min<std::uint32_t>(hour - e.hour, kHours);
    for (std::uint32_t i = 0; i < gone; ++i) e.hours[(hour - i) % kHours] = 0;
    e.hour = hour;
  }
}

void LogLogins::failed(const Key& key, Entry& e, const LogEvent& event, std::uint32_t n, std::uint32_t minute) {
  const auto add = [&](auto& counter) {
    counter = static_cast<std::remove_reference_t<decltype(counter)>>(
        std::min<std::uint64_t>(counter + std::uint64_t{n}, static_cast<std::remove_reference_t<decltype(counter)>>(-1)));
  };
  add(e.failures), add(e.since_success), add(e.minutes[minute % kMinutes]), add(e.hours[e.hour % kHours]);
  std::uint32_t window = 0;
  for (std::uint32_t i = 0; i < 10; ++i) window += e.minutes[(minute + kMinutes - i) % kMinutes];
  e.peak = std::max(e.peak, window);
  if (is_default_user(event.user)) e.default_users += n;
  if (event.honeypot && is_mirai_password(event.password)) e.mirai += n;
  e.pending.add(e.last_seen, n);
  if (event.user.empty() && key.service != LogService::http) return;
  const std::uint64_t hash = hash_text(key_, event.user);
  const auto short_hash = static_cast<std::uint32_t>(hash >> 32);
  Tried* slot = &e.tried[0];  // the same user's, else an empty one, else the oldest
  for (auto& t : e.tried) {
    if (t.count == 0 || t.hash == short_hash) {
      slot = &t;
      break;
    }
    if (t.minute < slot->minute) slot = &t;
  }
  if (slot->hash != short_hash) *slot = {short_hash};
  slot->minute = minute;
  slot->count += n;
  std::uint32_t users = 0;
  for (const auto& t : e.tried) users += t.count && minute - t.minute < 10;
  e.peak_users = std::max(e.peak_users, users);
  bool fresh = false;
  User& user = users_.at({key.service, hash}, fresh);
  if (fresh) user.name.set(event.user);
  user.failures += n;
}

LogService LogLogins::session_service(const LogEvent& event) {
  auto& slot = sessions_[event.connection % sessions_.size()];
  if (event.service != LogService::none) {
    if (event.connection) slot = {event.connection, event.service};
    return event.service;
  }
  return event.connection && slot.first == event.connection ? slot.second : LogService::ssh;  // Cowrie speaks SSH unless it is told otherwise
}

void LogLogins::on_event(const LogEvent& event, TimeNs now) {
  const LogService service = event.honeypot ? session_service(event) : event.service;
  if (!event.has_source) return;
  const Network source = log_source(event.source);
  const Key key{source.base, service, event.honeypot};
  bool fresh = false;
  Entry& e = sources_.at(key, fresh, [&](const Key& old, Entry& gone) {
    if (evicted_hits_.size() < kMostPendingHits) gone.pending.move_to(evicted_hits_, log_source(old.source), old.service, Direction::ingress, gone.port);
  });
  if (fresh) e.first_seen = now, e.port = event.destination_port;
  advance(e, now);
  e.last_seen = now;
  const std::uint32_t minute = e.minute;
  switch (event.kind) {
    case LogKind::login_failed:
    case LogKind::login_hint: {
      const std::uint32_t n = attempts(e, event, minute);
      if (n == 0) return;
      failed(key, e, event, n, minute);
      distributed_due_ = true;
      break;
    }
    case LogKind::login_ok: {
      std::uint32_t day = 0;
      for (const auto h : e.hours) day += h;
      const std::uint32_t before = std::min(e.since_success, day);
      e.since_success = 0;
      ++e.successes;
      e.pending.add(now, 0);
      ++e.pending.successes;
      e.worst_success = std::max(e.worst_success, before);
      if (before >= e.before_success) {  // several successes in one step: the one that follows the most failures is told
        e.before_success = before;
        e.same_user = 0;
        const auto hash = static_cast<std::uint32_t>(hash_text(key_, event.user) >> 32);
        for (const auto& t : e.tried)
          if (t.count && t.hash == hash) e.same_user = std::min(t.count, before);
        e.key_login = event.key_login;
        e.user.set(event.user);
      }
      break;
    }
    case LogKind::probe: e.probes += event.repeats; break;
    default: return;
  }
  if (event.kind != LogKind::login_ok && e.before_success == 0 && !event.user.empty()) e.user.set(event.user);
  if (!e.changed) e.changed = true, changed_.push_back(key);
  if (!e.has_hits && (e.pending.hits || e.pending.successes)) e.has_hits = true, with_hits_.push_back(key);
}

void LogLogins::restart(TimeNs now) {
  const std::uint32_t minute = minute_of(now);
  sources_.newest_first([&](const Key&, Entry& e) {
    e.minutes = {}, e.hours = {}, e.connections = {};
    e.minute = minute, e.hour = minute / 60;
    for (auto& t : e.tried) t.minute = std::min(t.minute, minute);
    return true;
  });
  distributed_minute_ = 0;
}

LoginFact LogLogins::fact(const Key& key, const Entry& e) const {
  LoginFact f;
  f.source = log_source(key.source);
  f.service = key.service, f.honeypot = key.honeypot;
  f.first_seen = e.first_seen, f.last_seen = e.last_seen;
  f.failures = e.failures, f.new_failures = e.failures - e.reported;
  for (std::uint32_t i = 0; i < kMinutes; ++i) {
    const auto n = e.minutes[(e.minute + kMinutes - i) % kMinutes];
    f.failures_hour += n;
    if (i < 10) f.failures_10min += n;
  }
  for (const auto h : e.hours) f.failures_day += h;
  for (const auto& t : e.tried) f.users += t.count > 0, f.users_10min += t.count && e.minute - t.minute < 10;
  f.peak_10min = e.peak, f.peak_users = e.peak_users, f.worst_success = e.worst_success;
  f.probes = e.probes, f.successes = e.successes, f.default_users = e.default_users, f.mirai_credentials = e.mirai;
  f.failures_before_success = e.before_success, f.failures_same_user = e.same_user;
  f.key_login = e.key_login;
  f.user = e.user.view();
  return f;
}

// Sources with two to five tries within the hour, and the users that at least ten of them share.
void LogLogins::find_distributed(TimeNs now, std::vector<DistributedFact>& out) {
  constexpr std::uint32_t kSources = 10, kLeast = 2, kMost = 5;
  const std::uint32_t minute = minute_of(now);
  struct Shared {
    std::uint32_t sources = 0, tries = 0;
  };
  struct Quiet {
    Network source;
    std::uint32_t tries;
    TimeNs first;
    const Entry* entry;
  };
  std::map<LogService, std::vector<Quiet>> quiet;
  std::map<std::pair<LogService, std::uint32_t>, Shared> shared;
  sources_.newest_first([&](const Key& key, Entry& e) {
    if (now - e.last_seen > 60 * kMinute) return false;
    if (key.honeypot) return true;
    advance(e, now);
    std::uint32_t tries = 0;
    for (const auto n : e.minutes) tries += n;
    if (tries < kLeast || tries > kMost) return true;
    quiet[key.service].push_back({log_source(key.source), tries, e.first_seen, &e});
    for (const auto& t : e.tried)
      if (t.count && minute - t.minute < kMinutes) {
        auto& s = shared[{key.service, t.hash}];
        ++s.sources, s.tries += std::min(t.count, tries);
      }
    return true;
  });
  for (const auto& [service, sources] : quiet) {
    if (sources.size() < kSources) continue;
    DistributedFact f;
    f.service = service;
    for (const auto& q : sources) {
      bool counted = false;
      for (const auto& t : q.entry->tried) {
        if (!t.count || minute - t.minute >= kMinutes) continue;
        const auto found = shared.find({service, t.hash});
        if (found == shared.end() || found->second.sources < kSources) continue;
        counted = true;
      }
      if (!counted) continue;
      ++f.sources, f.tries += q.tries;
      f.first_seen = f.first_seen ? std::min(f.first_seen, q.first) : q.first;
      if (f.examples_count < f.examples.size()) f.examples[f.examples_count++] = q.source;
    }
    if (f.sources < kSources) continue;
    std::size_t names = 0;
    for (const auto& [key, s] : shared) f.users += key.first == service && s.sources >= kSources;
    users_.newest_first([&](const UserKey& key, const User& user) {
      if (key.service != service) return true;
      const auto found = shared.find({service, static_cast<std::uint32_t>(key.name >> 32)});
      if (found != shared.end() && found->second.sources >= kSources) f.names[names++] = user.name.view();
      return names < f.names.size();
    });
    out.push_back(f);
  }
}

void LogLogins::collect(TimeNs now, bool last, std::vector<LoginFact>& logins, std::vector<DistributedFact>& distributed) {
  for (const auto& key : changed_) {
    Entry* e = sources_.find(key);
    if (!e || !e->changed) continue;
    logins.push_back(fact(key, *e));
    e->changed = false;
    e->reported = e->failures;
    e->before_success = 0, e->same_user = 0;
  }
  changed_.clear();
  if (distributed_due_ && (last || minute_of(now) > distributed_minute_)) {
    distributed_minute_ = minute_of(now);
    distributed_due_ = false;
    find_distributed(now, distributed);
  }
}

void LogLogins::take_hits(std::vector<LogHit>& out) {
  out.insert(out.end(), evicted_hits_.begin(), evicted_hits_.end());
  evicted_hits_.clear();
  for (const auto& key : with_hits_) {
    Entry* e = sources_.find(key);
    if (!e || !e->has_hits) continue;
    e->has_hits = false;
    e->pending.move_to(out, log_source(key.source), key.service, Direction::ingress, e->port);
  }
  with_hits_.clear();
}

void LogLogins::for_each(const std::function<void(const LoginFact&)>& f) {
  sources_.newest_first([&](const Key& key, const Entry& e) {
    f(fact(key, e));
    return true;
  });
}

void LogLogins::for_each_user(const std::function<void(const UserCount&)>& f) {
  users_.newest_first([&](const UserKey& key, const User& user) {
    f({key.service, user.name.view(), user.failures});
    return true;
  });
}

}  // namespace sekisho
