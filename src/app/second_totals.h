// SecondTotals: steps of the sliding window become whole seconds of the clock.
#pragma once
#include <functional>

#include "model/traffic_second.h"

namespace sekisho {

// One thread. Each step belongs to the second in which it lies; a second is handed on when a later step came or the time has passed, also
// when nothing happened in it. Gaps of more than a minute are left out.
class SecondTotals {
 public:
  explicit SecondTotals(std::function<void(const TrafficSecond&)> done) : done_(std::move(done)) {}
  void on_step(const Step& step);
  // Everything before `now` has been seen.
  void advance(TimeNs now);
  void finish();

 private:
  void hand_on(TimeNs until);

  std::function<void(const TrafficSecond&)> done_;
  TrafficSecond open_;
};

}  // namespace sekisho
