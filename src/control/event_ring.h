// EventRing: the last events of the agent, numbered, for every subscriber to read at its own pace.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace sekisho {

struct ControlEvent {
  std::uint64_t sequence = 0;
  std::string name;  // "second", "incident"
  std::string line;  // with its newline
};

// Any threads. An event is kept once, whoever reads it; what is older than the bounds is gone, which a slow reader notices by the gap in
// the numbers. So a reader costs nothing while it does not read.
class EventRing {
 public:
  EventRing(std::size_t events, std::size_t bytes) : max_events_(events), max_bytes_(bytes) {}

  std::uint64_t add(std::string_view name, std::string_view data);
  // The first event after `sequence`; null when there is none yet.
  std::shared_ptr<const ControlEvent> after(std::uint64_t sequence) const;
  std::uint64_t newest() const;  // 0: none yet
  // Everything after `sequence` is still here.
  bool reaches(std::uint64_t sequence) const;

 private:
  mutable std::mutex mutex_;
  const std::size_t max_events_, max_bytes_;
  std::deque<std::shared_ptr<const ControlEvent>> events_;
  std::size_t bytes_ = 0;
  std::uint64_t newest_ = 0;
};

}  // namespace sekisho
