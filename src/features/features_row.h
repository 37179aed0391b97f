// Features::Row: one local host in one direction (or all of a family): the sliding window and what is normal there.
#pragma once
#include "features/features.h"

namespace sekisho {

struct Features::Row {
  struct Slot {  // one step
    std::array<StepCount, kTrafficClasses> counts{};
    ClassMask classes;
    StepFacts facts{};
    bool any_facts = false;
  };
  std::array<Slot, kStepsPerWindow> slots{};
  ClassCounts window{};
  Facts window_facts{};
  std::uint64_t last_step = 0;  // the step up to which the ring is filled
  std::uint64_t window_packets = 0;
  bool ever = false;
  RowBaseline baseline;
};

}  // namespace sekisho
