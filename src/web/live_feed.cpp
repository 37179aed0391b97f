// The ring of events.
#include "web/live_feed.h"

#include <algorithm>

namespace sekisho {

std::string event_text(std::string_view id, std::string_view name, std::string_view data) {
  std::string text;
  text.reserve(id.size() + name.size() + data.size() + 24);
  if (!id.empty()) text.append("id: ").append(id).append("\n");
  text.append("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
  return text;
}

void LiveFeed::add(std::string_view id, std::string_view name, std::string_view data) {
  {
    const std::lock_guard lock{mutex_};
    events_.push_back({std::string{id}, event_text(id, name, data)});
    ++newest_;
    bytes_ += events_.back().text.size();
    while (events_.size() > 1 && (events_.size() > kEvents || bytes_ > kBytes)) {
      bytes_ -= events_.front().text.size();
      events_.pop_front();
    }
  }
  if (on_added) on_added();
}

LiveFeed::Start LiveFeed::start(std::string_view last_event_id) const {
  const std::lock_guard lock{mutex_};
  if (!last_event_id.empty()) {
    const auto found = std::find_if(events_.rbegin(), events_.rend(), [&](const Event& event) { return event.id == last_event_id; });
    if (found != events_.rend()) return {newest_ - static_cast<std::uint64_t>(found - events_.rbegin()), true};
  }
  return {newest_, false};
}

std::string LiveFeed::after(std::uint64_t& position, std::size_t max_bytes) {
  const std::lock_guard lock{mutex_};
  std::string text;
  const auto oldest = newest_ - events_.size();  // the position before the first event that is still here
  if (position < oldest) {
    skipped_ += newest_ - position;
    position = newest_;
    return event_text("", "reset", "{}");
  }
  for (; position < newest_ && text.size() < max_bytes; ++position) text += events_[static_cast<std::size_t>(position - oldest)].text;
  return text;
}

std::uint64_t LiveFeed::skipped() const {
  const std::lock_guard lock{mutex_};
  return skipped_;
}

}  // namespace sekisho
