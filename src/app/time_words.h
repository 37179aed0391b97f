// Times as people and programs write them: 10m, 2h, yesterday, '1 hour ago', 2026-11-22 02:14, RFC 3339, @epoch.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace sekisho {

// "2026-11-22T02:15:10Z", with fraction or offset if given; also a space for the T. No zone: UTC.
std::optional<TimeNs> parse_rfc3339(std::string_view text);

// A point in time before or at `now`. Durations ("90s", "10m", "2h", "7d", "4w") mean so long ago; "now", "today", "yesterday" (midnight),
// "N seconds|minutes|hours|days|weeks ago", "HH:MM" (the last one), "YYYY-MM-DD [HH:MM[:SS]]", RFC 3339, "@1795313643". Midnight, clock
// times and dates without a zone are in the zone of this machine. The error names `option` and lists the forms.
Result<TimeNs> parse_time_word(std::string_view text, TimeNs now, std::string_view option);

// A length of time: "10s", "5m", "1h", "7d", "4w"; at least a second.
std::optional<DurationNs> parse_length(std::string_view text);

struct TimeRange {
  TimeNs since = 0, until = 0;
};
// --since and --until; missing ones are `reach` before now and now. Since must be before until.
Result<TimeRange> parse_time_range(const std::optional<std::string>& since, const std::optional<std::string>& until, TimeNs now,
                                   DurationNs reach);

// "2026-11-22 02:15:10 CET" in the zone of this machine, for people.
std::string format_local(TimeNs time);

TimeNs wall_clock();

}  // namespace sekisho
