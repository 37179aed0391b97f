// BaselineView: what is normal for one traffic class of one row, which threshold follows and why. For `sekisho status --baseline`.
#pragma once
#include <cstdint>
#include <string_view>

#include "model/address.h"
#include "model/packet.h"

namespace sekisho {

// Which rule set a learned threshold (FACTS section 9; docs/baselines.md). The detector's floor holds below it.
enum class ThresholdRule : std::uint8_t {
  floor,         // nothing learned: the detector's floor alone
  median,        // the median of the last quarter of an hour times 3 to 6, by how much it varies
  quantile,      // 1.2 times the busiest thousandth of the last quarter of an hour
  day,           // the last minute's mean is above twice the busiest hundredth of the last 24 h: that is the threshold (slow ramps)
  hour_of_week,  // the same, by this hour of the week
  cusum,         // the seconds stay above normal together although none is far above it
  count,
};
std::string_view to_string(ThresholdRule rule);  // "hour_of_week"
std::string_view explain(ThresholdRule rule);    // one clause for people: "twice the busiest hundredth of the last 24 h"

// Rates are packets/s with weights applied; 0 = not known.
struct BaselineView {
  bool all = false;  // all local hosts of the family together; else `address`
  bool v6 = false;
  Address address;
  Direction direction = Direction::ingress;
  TrafficClass traffic_class = TrafficClass::other_ip;

  double level_pps = 0;      // the last second
  double normal_pps = 0;     // median of the clean seconds
  double ceiling_pps = 0;    // what was learned to be the most that is normal
  double floor_pps = 0;      // lowest floor of the detectors that judge this class in this direction; 0 = none does
  double threshold_pps = 0;  // the larger of the two: above it the volume gate opens and evidence decides
  ThresholdRule rule = ThresholdRule::floor;  // what set threshold_pps

  std::uint32_t learned_seconds = 0;  // clean seconds that normal and ceiling rest on (the short memory; at most 900)
  double mean_minute_pps = 0;         // over the last 60 s
  double day_pps = 0;                 // busiest hundredth of the last 24 h of clean traffic (10 s means)
  double hour_of_week_pps = 0;        // the same of this hour of the week
  std::uint32_t day_seconds = 0;      // clean seconds that day_pps rests on
  double cusum = 0;                   // 0-5; above 2 the rule speaks
  std::uint32_t waiting_seconds = 0;  // seconds above the ceiling that wait to be accepted as a new normal
  double waiting_left_s = 0;          // seconds until they are, if they stay two-way
  double frozen_left_s = 0;           // an attack stops the learning for so long at least; 0 = it learns
};

}  // namespace sekisho
