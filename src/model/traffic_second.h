// TrafficSecond: the totals of one second of the clock in both directions: what the history keeps and live views draw.
#pragma once
#include <array>
#include <cstdint>

#include "model/second.h"

namespace sekisho {

// All local hosts together; weights applied; bytes on the wire.
struct TrafficSide {
  std::uint64_t packets = 0, bytes = 0;
  ClassCounts classes{};     // adds up to packets and bytes
  double normal_pps = 0;     // what was learned as normal for all classes together; 0 = nothing learned yet
  double threshold_pps = 0;  // above it the volume alone is remarkable; 0 = nothing learned yet
};

struct TrafficSecond {
  TimeNs time = 0;                     // its start: a whole second
  std::array<TrafficSide, 2> sides{};  // by Direction
  std::uint64_t dropped = 0;           // frames that the source lost in it
};

}  // namespace sekisho
