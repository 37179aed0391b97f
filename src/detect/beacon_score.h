// The beacon score: how much the payloads of one connection look like a keepalive. FACTS section 3; pure.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "model/connection_fact.h"

namespace sekisho {

struct BeaconScore {
  double score = 0;
  double median_s = 0, mad_s = 0;  // of the intervals
  double skew = 0;                 // |Bowley|
  double mode = 0, small = 0;      // shares of beats: the most frequent size; 1..max_small_bytes
  std::uint16_t mode_bytes = 0;
  std::size_t beats = 0;  // in the ring
};

namespace beacon_detail {
// Linear interpolation between order statistics; `sorted` is not empty.
inline double quantile(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}
}  // namespace beacon_detail

inline BeaconScore beacon_score(const ConnectionFact& fact, std::uint16_t max_small_bytes = 8) {
  using beacon_detail::quantile;
  BeaconScore s;
  constexpr std::size_t kRing = std::tuple_size_v<decltype(fact.last_beats)>;
  const std::size_t n = s.beats = std::min<std::size_t>(fact.beats, kRing);
  if (n < 2) return s;
  std::array<double, kRing> intervals{}, deviations{};
  std::size_t small = 0, most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Beat& beat = fact.last_beats[i];
    if (i > 0) intervals[i - 1] = std::max(0.0, static_cast<double>(beat.time - fact.last_beats[i - 1].time) / 1e9);
    small += beat.payload_bytes >= 1 && beat.payload_bytes <= max_small_bytes;
    const auto same = static_cast<std::size_t>(std::count_if(fact.last_beats.begin(), fact.last_beats.begin() + n,
                                                             [&](const Beat& b) { return b.payload_bytes == beat.payload_bytes; }));
    if (same > most) {
      most = same;
      s.mode_bytes = beat.payload_bytes;
    }
  }
  s.small = static_cast<double>(small) / static_cast<double>(n);
  s.mode = static_cast<double>(most) / static_cast<double>(n);
  const std::span sorted{intervals.data(), n - 1};
  std::sort(sorted.begin(), sorted.end());
  s.median_s = quantile(sorted, 0.5);
  if (s.median_s <= 0) return s;
  std::transform(sorted.begin(), sorted.end(), deviations.begin(), [&](double iv) { return std::abs(iv - s.median_s); });
  std::sort(deviations.begin(), deviations.begin() + (n - 1));
  s.mad_s = quantile({deviations.data(), n - 1}, 0.5);
  const double q1 = quantile(sorted, 0.25), q3 = quantile(sorted, 0.75);
  // Quartiles closer together than 5 % of the median: their skew is noise.
  if (q3 - q1 >= 0.05 * s.median_s) s.skew = std::abs((q1 + q3 - 2 * s.median_s) / (q3 - q1));
  const double dispersion = std::max(0.0, 1 - s.mad_s / (0.10 * s.median_s));
  s.score = (0.6 * dispersion + 0.4 * (1 - s.skew)) * s.mode * s.small;
  return s;
}

}  // namespace sekisho
