// One form after the other.
#include "app/time_words.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include "base/text.h"

namespace sekisho {
namespace {

// Takes digits off the front: exactly `digits`, or 1 to 10 when it is 0.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t digits = 0) {
  std::size_t n = 0;
  while (n < text.size() && n < (digits ? digits : 10) && text[n] >= '0' && text[n] <= '9') ++n;
  if (n == 0 || (digits && n != digits)) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + n, value);
  text.remove_prefix(n);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

struct Civil {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::optional<Civil> take_date(std::string_view& text) {
  Civil c;
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31 || *year < 1970 || *year > 2200) return std::nullopt;
  c.year = *year, c.month = *month, c.day = *day;
  return c;
}

bool take_clock(std::string_view& text, Civil& c) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return false;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return false;
  c.hour = *hour, c.minute = *minute;
  if (!take(text, ':')) return true;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) return false;
  c.second = *second;
  return true;
}

TimeNs utc(const Civil& c) {
  using namespace std::chrono;
  const sys_days day{year_month_day{year{static_cast<int>(c.year)}, month{static_cast<unsigned>(c.month)},
                                    std::chrono::day{static_cast<unsigned>(c.day)}}};
  return (duration_cast<seconds>(day.time_since_epoch()).count() + c.hour * 3600 + c.minute * 60 + c.second) * kSecond;
}

TimeNs local(const Civil& c) {
  std::tm tm{};
  tm.tm_year = static_cast<int>(c.year) - 1900, tm.tm_mon = static_cast<int>(c.month) - 1, tm.tm_mday = static_cast<int>(c.day);
  tm.tm_hour = static_cast<int>(c.hour), tm.tm_min = static_cast<int>(c.minute), tm.tm_sec = static_cast<int>(c.second);
  tm.tm_isdst = -1;
  return static_cast<TimeNs>(std::mktime(&tm)) * kSecond;
}

std::tm local_day(TimeNs now) {
  const auto seconds = static_cast<std::time_t>(now / kSecond);
  std::tm tm{};
  localtime_r(&seconds, &tm);
  return tm;
}

TimeNs midnight(TimeNs now, int days_before) {
  std::tm tm = local_day(now);
  tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
  tm.tm_mday -= days_before;
  tm.tm_isdst = -1;
  return static_cast<TimeNs>(std::mktime(&tm)) * kSecond;
}

// "10m", "1 hour ago", "2h ago".
std::optional<DurationNs> parse_ago(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  while (take(text, ' ')) {
  }
  std::size_t n = 0;
  while (n < text.size() && text[n] >= 'a' && text[n] <= 'z') ++n;
  const auto unit = text.substr(0, n);
  text.remove_prefix(n);
  while (take(text, ' ')) {
  }
  if (!text.empty() && text != "ago") return std::nullopt;
  constexpr std::array<std::pair<std::string_view, DurationNs>, 5> kUnits{
      {{"second", kSecond}, {"minute", kMinute}, {"hour", 60 * kMinute}, {"day", 24 * 60 * kMinute}, {"week", 7 * 24 * 60 * kMinute}}};
  for (const auto& [name, length] : kUnits)
    if (unit == name || unit == std::string{name} + "s" || unit == name.substr(0, 1) || (unit == "min" && name == "minute") ||
        (unit == "sec" && name == "second"))
      return *number < 100'000'000 && *number <= 200LL * 366 * 24 * 60 * kMinute / length ? std::optional{*number * length} : std::nullopt;
  return std::nullopt;
}

}  // namespace

std::optional<TimeNs> parse_rfc3339(std::string_view text) {
  auto date = take_date(text);
  if (!date || !(take(text, 'T') || take(text, 't') || take(text, ' ')) || !take_clock(text, *date)) return std::nullopt;
  TimeNs fraction = 0;
  if (take(text, '.')) {
    DurationNs unit = kSecond / 10;
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10) fraction += (text[0] - '0') * unit;
  }
  DurationNs offset = 0;
  if (!text.empty() && !take(text, 'Z') && !take(text, 'z')) {
    const bool east = text[0] == '+';
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto hours = take_number(text, 2);
    if (!hours || !take(text, ':')) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = (*hours * 60 + *minutes) * kMinute * (east ? 1 : -1);
  }
  if (!text.empty()) return std::nullopt;
  return utc(*date) + fraction - offset;
}

Result<TimeNs> parse_time_word(std::string_view text, TimeNs now, std::string_view option) {
  if (text == "now") return now;
  if (text == "today") return midnight(now, 0);
  if (text == "yesterday") return midnight(now, 1);
  if (const auto ago = parse_ago(text)) return now - *ago;
  if (auto rest = text; take(rest, '@'))
    if (const auto seconds = take_number(rest); seconds && rest.empty()) return *seconds * kSecond;
  if (auto rest = text; auto date = take_date(rest)) {
    if (rest.empty()) return local(*date);
    if ((take(rest, ' ') || take(rest, 'T')) && take_clock(rest, *date) && rest.empty()) return local(*date);
    if (const auto time = parse_rfc3339(text)) return *time;
  }
  Civil clock;
  if (auto rest = text; take_clock(rest, clock) && rest.empty()) {
    const auto day = local_day(now);
    clock.year = day.tm_year + 1900, clock.month = day.tm_mon + 1, clock.day = day.tm_mday;
    const auto today = local(clock);
    return today <= now ? today : today - 24 * 60 * kMinute;
  }
  return Error{
      fmt::format("{} '{}' is no time; write 10m, 2h, 7d, yesterday, '1 hour ago', 02:15, '2026-11-22 02:15', RFC 3339 or @1795313643",
                  option, escape_hostile(text, 60)),
      ErrorKind::usage};
}

std::optional<DurationNs> parse_length(std::string_view text) {
  if (text.size() < 2 || text.size() > 10 || text.substr(0, text.size() - 1).find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const auto ago = parse_time_word(text, 0, "");
  if (!ago.ok() || ago.value() > -kSecond) return std::nullopt;
  return -ago.value();
}

Result<TimeRange> parse_time_range(const std::optional<std::string>& since, const std::optional<std::string>& until, TimeNs now,
                                   DurationNs reach) {
  TimeRange range{0, now};
  if (until) range.until = TRY(parse_time_word(*until, now, "--until"));
  range.since = range.until - reach;
  if (since) range.since = TRY(parse_time_word(*since, now, "--since"));
  if (range.since > range.until)
    return Error{fmt::format("--since ({}) lies after --until ({})", format_local(range.since), format_local(range.until)),
                 ErrorKind::usage};
  return range;
}

std::string format_local(TimeNs time) {
  const auto tm = local_day(time);
  char text[64];
  return std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &tm) ? text : "?";
}

TimeNs wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace sekisho
