// The two clocks of live sources: the wall clock that data carries, and the one that never jumps.
#pragma once
#include <ctime>

#include "base/time.h"

namespace sekisho {

inline TimeNs read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<TimeNs>(now.tv_sec) * kSecond + now.tv_nsec;
}
inline TimeNs wall_clock() { return read_clock(CLOCK_REALTIME); }
inline TimeNs monotonic_clock() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace sekisho
