// Adds up the rows of all local hosts.
#include "app/second_totals.h"

#include <algorithm>

namespace sekisho {
namespace {

constexpr TimeNs kLongGap = kMinute;

TimeNs second_of(TimeNs time) { return time - time % kSecond; }

}  // namespace

void SecondTotals::on_step(const Step& step) {
  advance(second_of(std::max<TimeNs>(step.time - 1, 0)));
  for (const auto& s : step.seconds) {
    if (!s.all) continue;
    auto& side = open_.sides[static_cast<std::size_t>(s.direction)];
    double normal = 0, threshold = 0;
    for (std::size_t c = 0; c < kTrafficClasses; ++c) {
      side.classes[c].packets += s.step[c].packets, side.classes[c].bytes += s.step[c].bytes;
      side.packets += s.step[c].packets, side.bytes += s.step[c].bytes;
      normal += static_cast<double>(s.normal[c]), threshold += static_cast<double>(s.ceiling[c]);
    }
    side.normal_pps = normal, side.threshold_pps = threshold;
  }
}

void SecondTotals::advance(TimeNs now) {
  const TimeNs second = second_of(now);
  if (open_.time == 0) open_.time = second;
  if (second <= open_.time) return;
  hand_on(second);
}

void SecondTotals::hand_on(TimeNs until) {
  // What is normal holds on while nothing comes.
  auto next = open_;
  for (auto& side : next.sides) side.packets = side.bytes = 0, side.classes = {};
  done_(open_);
  if (until - open_.time <= kLongGap)
    for (next.time = open_.time + kSecond; next.time < until; next.time += kSecond) done_(next);
  next.time = until;
  open_ = next;
}

void SecondTotals::finish() {
  if (open_.time != 0) done_(open_);
  open_ = {};
}

}  // namespace sekisho
