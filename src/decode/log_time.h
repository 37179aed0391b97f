// Times in log lines: syslog's without a year, ISO 8601, the web servers', seconds since 1970. Pure: what the lines do not say stands in
// LogClock.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace sekisho {

// From local time to UTC: pieces in order of time, each valid from `from` on (seconds of local time since 1970-01-01 00:00 local).
struct LogZone {
  struct Piece {
    std::int64_t from = 0;
    std::int32_t offset = 0;  // seconds east of UTC
  };
  std::array<Piece, 16> pieces{};
  std::size_t count = 0;  // 0 = UTC
};

// What resolves times without year and zone. One per input; `last_month` moves with the lines when the year is given.
struct LogClock {
  TimeNs reference = 0;  // no line is younger than this (the file's modification time, or now), give or take a day
  int year = 0;          // of the first line, when it was given; 0 = the latest year that is not after `reference`
  unsigned last_month = 0;
  LogZone zone;
};

// Each takes its form from the beginning of `text` and says whether it was there; `text` is unchanged when it was not.
// "Feb 12 14:10:21", "Nov  2 15:40:14.123", "Nov 2 2023 15:40:14"
bool take_syslog_time(std::string_view& text, LogClock& clock, TimeNs& out);
// "2022-01-19T14:23:55+00:00", "2022-01-19 14:23:55,123", "2023-11-14T00:20:42.738197+0100", "...Z"; without zone: local time
bool take_iso_time(std::string_view& text, const LogClock& clock, TimeNs& out);
// "10/Oct/2000:13:55:36 -0700"
bool take_web_time(std::string_view& text, TimeNs& out);
// "1700000000", "1700000000.123456"; also milliseconds and microseconds since 1970 by their size
bool take_epoch(std::string_view& text, TimeNs& out);

}  // namespace sekisho
