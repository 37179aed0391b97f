// Names and clauses of the rules that set thresholds.
#include "model/baseline_view.h"

#include <array>

namespace sekisho {

std::string_view to_string(ThresholdRule rule) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(ThresholdRule::count)> names{"floor", "median",       "quantile",
                                                                                               "day",   "hour_of_week", "cusum"};
  return names[static_cast<std::size_t>(rule)];
}

std::string_view explain(ThresholdRule rule) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(ThresholdRule::count)> clauses{
      "the detector's floor",
      "3 to 6 times the median, by how much it varies",
      "1.2 times the busiest thousandth of the last quarter of an hour",
      "twice the busiest hundredth of the last 24 h, which the last minute exceeded",
      "twice the busiest hundredth of this hour of the week, which the last minute exceeded",
      "the seconds stay above normal together"};
  return clauses[static_cast<std::size_t>(rule)];
}

}  // namespace sekisho
