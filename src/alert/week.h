// WeekSpan: a stretch of time that comes again each day or week: "22:00-07:00", "Mon-Fri 08:00-18:00", "Sun".
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sekisho {

struct LocalClock {
  std::int64_t day = 0;  // counts up, midnight to midnight
  int weekday = 0;       // 0 = Monday
  int minute = 0;        // of the day
};
// Where this machine stands in the day; given to the policy, which asks no clock and no zone.
using ToLocal = std::function<LocalClock(TimeNs)>;
LocalClock utc_clock(TimeNs time);

struct WeekSpan {
  unsigned days = 0x7f;        // bit 0 = Monday: on which it begins
  int from = 0, to = 24 * 60;  // minutes; to <= from: it ends on the next day
};
Result<WeekSpan> parse_week_span(std::string_view text);
bool in_week_span(const WeekSpan& span, const LocalClock& now);
bool in_any(const std::vector<WeekSpan>& spans, const LocalClock& now);
// "08:00" -> 480; -1 when it is none.
int parse_minute(std::string_view text);

}  // namespace sekisho
