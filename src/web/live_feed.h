// LiveFeed: the last events of the agent in the form of server-sent events, for every viewer to read at its own pace.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace sekisho {

// Any threads. An event is kept once, whoever reads it; a viewer is a number. What is older than the bounds is gone: a viewer that fell
// that far behind is told so ("reset") and goes on from the newest.
class LiveFeed {
 public:
  static constexpr std::size_t kEvents = 1200, kBytes = 4 * 1024 * 1024;  // about twenty minutes

  // `id`: what a viewer comes back with (Last-Event-ID); `data`: one line. Calls on_added from the same thread.
  void add(std::string_view id, std::string_view name, std::string_view data);
  std::function<void()> on_added;  // set before the first add()

  // Where a viewer begins: behind the event that it knows, or at the newest.
  struct Start {
    std::uint64_t position = 0;
    bool resumed = false;
  };
  Start start(std::string_view last_event_id) const;
  // The text of events after `position`, about max_bytes of them; moves the position. Empty: none yet.
  std::string after(std::uint64_t& position, std::size_t max_bytes);

  std::uint64_t skipped() const;  // events that slow viewers did not get

 private:
  struct Event {
    std::string id, text;
  };
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::uint64_t newest_ = 0;  // the number of events_.back()
  std::size_t bytes_ = 0;
  std::uint64_t skipped_ = 0;
};

// "id: …\nevent: …\ndata: …\n\n"; data without line breaks.
std::string event_text(std::string_view id, std::string_view name, std::string_view data);

}  // namespace sekisho
