// A deque of shared lines.
#include "control/event_ring.h"

#include "control/protocol.h"

namespace sekisho {

std::uint64_t EventRing::add(std::string_view name, std::string_view data) {
  const std::lock_guard lock{mutex_};
  auto event = std::make_shared<ControlEvent>();
  event->sequence = ++newest_;
  event->name = name;
  event->line = event_line(name, event->sequence, data) + "\n";
  bytes_ += event->line.size();
  events_.push_back(std::move(event));
  while (events_.size() > max_events_ || (bytes_ > max_bytes_ && events_.size() > 1)) {
    bytes_ -= events_.front()->line.size();
    events_.pop_front();
  }
  return newest_;
}

std::shared_ptr<const ControlEvent> EventRing::after(std::uint64_t sequence) const {
  const std::lock_guard lock{mutex_};
  if (events_.empty() || sequence >= newest_) return nullptr;
  const auto first = events_.front()->sequence;
  return events_[sequence < first ? 0 : static_cast<std::size_t>(sequence + 1 - first)];
}

std::uint64_t EventRing::newest() const {
  const std::lock_guard lock{mutex_};
  return newest_;
}

bool EventRing::reaches(std::uint64_t sequence) const {
  const std::lock_guard lock{mutex_};
  return sequence <= newest_ && (events_.empty() ? sequence == newest_ : sequence + 1 >= events_.front()->sequence);
}

}  // namespace sekisho
