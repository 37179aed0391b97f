// Time of the data: nanoseconds since 1970-01-01 UTC. Only live sources may ask a clock.
#pragma once
#include <cstdint>
#include <string>

namespace sekisho {

using TimeNs = std::int64_t;      // a point in time
using DurationNs = std::int64_t;  // a length of time
constexpr DurationNs kMicrosecond = 1'000;
constexpr DurationNs kMillisecond = 1'000'000;
constexpr DurationNs kSecond = 1'000'000'000;
constexpr DurationNs kMinute = 60 * kSecond;

// "2026-11-22T02:15:10.000000Z" (RFC 3339, microseconds, truncated not rounded).
std::string format_rfc3339(TimeNs time);
// "2026-11-22 02:15:10" UTC and "02:15:10" for people.
std::string format_datetime(TimeNs time);
std::string format_clock(TimeNs time);
// "0.80 s", "5 min 44 s", "3 h 59 min", "2 d 4 h": two units at most.
std::string format_duration(DurationNs duration);

}  // namespace sekisho
