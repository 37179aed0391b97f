// Waiting for the store, but not for ever.
#include "app/announcer.h"

namespace sekisho {

void Announcer::incident(IncidentNotice notice) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    number = ++number_;
    pending_.push_back({number, notice, std::chrono::steady_clock::now()});
  }
  store_.save(notice, [this, number](bool) { announce_until(number); });
}

void Announcer::second(const std::shared_ptr<const LiveSecond>& second) {
  store_.on_second(second);
  for (auto* sink : sinks_) sink->on_second(second);
}

void Announcer::announce_until(std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  while (!pending_.empty() && pending_.front().number <= number) {
    for (auto* sink : sinks_) sink->on_incident(pending_.front().notice);
    pending_.pop_front();
  }
}

void Announcer::tick() {
  std::uint64_t overdue = 0;
  {
    const std::lock_guard lock{mutex_};
    const auto now = std::chrono::steady_clock::now();
    for (const auto& p : pending_)
      if (now - p.since > kPatience) overdue = p.number;
  }
  if (overdue) announce_until(overdue);
}

void Announcer::finish() {
  store_.finish();
  announce_until(number_);
  for (auto* sink : sinks_) sink->finish();
}

}  // namespace sekisho
