// Sessions and the limit of failed tries.
#include "web/sessions.h"

#include <algorithm>

#include "base/sha256.h"

namespace sekisho {

void Sessions::add(std::string_view cookie, const Visitor& visitor, TimeNs now) {
  const std::lock_guard lock{mutex_};
  if (sessions_.size() >= kMost)
    sessions_.erase(
        std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  sessions_[sha256_hex(cookie)] = {visitor, now, now};
}

std::optional<Visitor> Sessions::find(std::string_view cookie, TimeNs now) {
  const auto key = sha256_hex(cookie);
  const std::lock_guard lock{mutex_};
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return std::nullopt;
  if (now - found->second.used > kIdle || now - found->second.created > kLongest) {
    sessions_.erase(found);
    return std::nullopt;
  }
  found->second.used = now;
  return found->second.visitor;
}

void Sessions::remove(std::string_view cookie) {
  const std::lock_guard lock{mutex_};
  sessions_.erase(sha256_hex(cookie));
}

void Sessions::remove_all_of(std::string_view token_name) {
  const std::lock_guard lock{mutex_};
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.visitor.name == token_name; });
}

std::size_t Sessions::size() const {
  const std::lock_guard lock{mutex_};
  return sessions_.size();
}

void LoginLimit::leak(Bucket& bucket, double a_second, TimeNs now) {
  bucket.tries = std::max(0.0, bucket.tries - a_second * static_cast<double>(now - bucket.at) / kSecond);
  bucket.at = now;
}

DurationNs LoginLimit::wait(const std::string& peer, TimeNs now) {
  const std::lock_guard lock{mutex_};
  leak(all_, 0.5, now);
  if (all_.tries > 29) return static_cast<DurationNs>((all_.tries - 29) / 0.5 * kSecond);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return 0;
  leak(found->second, 0.1, now);
  return found->second.tries > 4 ? static_cast<DurationNs>((found->second.tries - 4) / 0.1 * kSecond) : 0;
}

void LoginLimit::failed(const std::string& peer, TimeNs now) {
  const std::lock_guard lock{mutex_};
  leak(all_, 0.5, now);
  all_.tries += 1;
  if (peers_.size() >= kMost && !peers_.contains(peer))
    peers_.erase(std::min_element(peers_.begin(), peers_.end(), [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  auto& bucket = peers_[peer];
  leak(bucket, 0.1, now);
  bucket.tries += 1;
}

}  // namespace sekisho
