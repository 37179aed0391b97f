// Packets and bytes are compared; the better of the two counts, because interfaces count offloaded super-frames in different ways.
#include "input/totals_check.h"

#include <algorithm>
#include <cmath>

namespace sekisho {
namespace {

double beyond_chance(double seen, double exact, double unit, double sampling) {
  const double apart = std::abs(seen - exact);
  // Frames on their way when the counters were read (at most 60 ms of three seconds), and five standard deviations of the sample.
  const double on_the_way = std::max(seen, exact) * 0.02 + 50 * unit;
  const double chance = sampling > 1 ? 5 * std::sqrt(std::max(seen, exact) * unit * sampling) : 0;
  return apart > on_the_way + chance ? apart / std::max(exact, unit) : 0;
}

}  // namespace

void TotalsCheck::update(const LinkTotals& seen, const LinkTotals& exact, double sampling) {
  const Reading& oldest = last_[count_ < kReadings ? 0 : count_ % kReadings];
  disagreement_ = 0;
  if (count_ > 0) {
    const auto since = [](std::uint64_t now, std::uint64_t then) { return static_cast<double>(now - std::min(now, then)); };
    double worst_sampling = sampling;
    for (const auto& r : last_) worst_sampling = std::max(worst_sampling, r.sampling);
    disagreement_ =
        std::min(beyond_chance(since(seen.packets, oldest.seen.packets), since(exact.packets, oldest.exact.packets), 1, worst_sampling),
                 beyond_chance(since(seen.bytes, oldest.seen.bytes), since(exact.bytes, oldest.exact.bytes), 1500, worst_sampling));
  }
  last_[count_++ % kReadings] = {seen, exact, sampling};
}

}  // namespace sekisho
