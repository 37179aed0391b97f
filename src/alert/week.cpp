// Days and minutes.
#include "alert/week.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

int day_of(std::string_view text) {
  const auto at = std::find(kDays.begin(), kDays.end(), text);
  return at == kDays.end() ? -1 : static_cast<int>(at - kDays.begin());
}

// "Mon-Fri", "Sat,Sun", "Sun"; 0 when it is none.
unsigned days_of(std::string_view text) {
  unsigned days = 0;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    const auto dash = part.find('-');
    const int from = day_of(part.substr(0, dash)), to = dash == std::string_view::npos ? from : day_of(part.substr(dash + 1));
    if (from < 0 || to < 0) return 0;
    for (int d = from;; d = (d + 1) % 7) {
      days |= 1U << d;
      if (d == to) break;
    }
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return days;
}

}  // namespace

LocalClock utc_clock(TimeNs time) {
  const auto minutes = time / kMinute;
  const auto day = minutes / 1440;
  return {day, static_cast<int>((day + 3) % 7), static_cast<int>(minutes % 1440)};  // 1970-01-01 was a Thursday
}

int parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return -1;
  for (const std::size_t i : {0, 1, 3, 4})
    if (text[i] < '0' || text[i] > '9') return -1;
  const int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
  return hour > 24 || minute > 59 || (hour == 24 && minute > 0) ? -1 : hour * 60 + minute;
}

Result<WeekSpan> parse_week_span(std::string_view text) {
  const Error wrong{
      fmt::format("'{}' is no stretch of time; write \"22:00-07:00\", \"Mon-Fri 08:00-18:00\" or \"Sat,Sun\"", escape_hostile(text, 60)),
      ErrorKind::usage};
  WeekSpan span;
  const auto space = text.find(' ');
  auto days = text.substr(0, space), hours = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  if (space == std::string_view::npos && !text.empty() && text[0] >= '0' && text[0] <= '9') hours = text, days = {};
  if (!days.empty() && (span.days = days_of(days)) == 0) return wrong;
  if (!hours.empty()) {
    const auto dash = hours.find('-');
    if (dash == std::string_view::npos) return wrong;
    span.from = parse_minute(hours.substr(0, dash)), span.to = parse_minute(hours.substr(dash + 1));
    if (span.from < 0 || span.to < 0 || span.from == 24 * 60) return wrong;
  } else if (days.empty()) {
    return wrong;
  }
  return span;
}

bool in_week_span(const WeekSpan& span, const LocalClock& now) {
  const auto begins_on = [&](int weekday) { return (span.days >> ((weekday + 7) % 7) & 1) != 0; };
  if (span.from < span.to) return begins_on(now.weekday) && now.minute >= span.from && now.minute < span.to;
  return (begins_on(now.weekday) && now.minute >= span.from) || (begins_on(now.weekday - 1) && now.minute < span.to);
}

bool in_any(const std::vector<WeekSpan>& spans, const LocalClock& now) {
  return std::any_of(spans.begin(), spans.end(), [&](const WeekSpan& span) { return in_week_span(span, now); });
}

}  // namespace sekisho
