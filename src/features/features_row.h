// Features::Row: one local host in one direction (or all of a family): the sliding window and what is normal there.
#pragma once
#include "features/features.h"

namespace sekisho {

struct Features::Row {
  std::array<std::array<std::uint32_t, kTrafficClasses>, kStepsPerWindow> packets{}, bytes{};
  std::array<std::array<std::uint32_t, static_cast<std::size_t>(Fact::count)>, kStepsPerWindow> facts{};
  ClassCounts window{};
  Facts window_facts{};
  std::uint64_t last_step = 0;  // the step up to which the ring is filled
  std::uint64_t window_packets = 0;
  bool ever = false;
  RowBaseline baseline;
};

}  // namespace sekisho
