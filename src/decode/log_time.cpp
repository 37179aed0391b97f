// Calendar arithmetic of log lines: years that are not written, local time, fractions.
#include "decode/log_time.h"

#include <algorithm>

#include "decode/log_text.h"

namespace sekisho {
namespace {

constexpr std::int64_t kDay = 86'400;

// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
constexpr std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + static_cast<std::int64_t>(doe) - 719'468;
}
constexpr bool is_leap(std::int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

int year_of(TimeNs time) {
  const std::int64_t days = time / kSecond / kDay;
  auto year = static_cast<int>(1970 + days / 366);
  while (days_from_civil(year + 1, 1, 1) <= days) ++year;
  return year;
}

constexpr unsigned kMonthDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

// "Jan" … "Dec": 1-12, 0 = none of them.
unsigned month_of(const char* p) {
  switch (static_cast<unsigned char>(p[0]) << 16 | static_cast<unsigned char>(p[1]) << 8 | static_cast<unsigned char>(p[2])) {
    case 'J' << 16 | 'a' << 8 | 'n': return 1;
    case 'F' << 16 | 'e' << 8 | 'b': return 2;
    case 'M' << 16 | 'a' << 8 | 'r': return 3;
    case 'A' << 16 | 'p' << 8 | 'r': return 4;
    case 'M' << 16 | 'a' << 8 | 'y': return 5;
    case 'J' << 16 | 'u' << 8 | 'n': return 6;
    case 'J' << 16 | 'u' << 8 | 'l': return 7;
    case 'A' << 16 | 'u' << 8 | 'g': return 8;
    case 'S' << 16 | 'e' << 8 | 'p': return 9;
    case 'O' << 16 | 'c' << 8 | 't': return 10;
    case 'N' << 16 | 'o' << 8 | 'v': return 11;
    case 'D' << 16 | 'e' << 8 | 'c': return 12;
    default: return 0;
  }
}

bool two_digits(const char* p, unsigned most, unsigned& out) {
  if (!is_digit(p[0]) || !is_digit(p[1])) return false;
  out = static_cast<unsigned>(p[0] - '0') * 10 + static_cast<unsigned>(p[1] - '0');
  return out <= most;
}

// "hh:mm:ss" as seconds of the day; a leap second is the next minute's first.
bool clock_time(const char* p, std::int64_t& out) {
  unsigned h = 0, m = 0, s = 0;
  if (p[2] != ':' || p[5] != ':' || !two_digits(p, 23, h) || !two_digits(p + 3, 59, m) || !two_digits(p + 6, 60, s)) return false;
  out = h * 3600 + m * 60 + s;
  return true;
}

// ".123456" or ",123": nanoseconds; at most nine digits count.
void take_fraction(std::string_view& text, TimeNs& nanoseconds) {
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || !is_digit(text[1])) return;
  std::size_t at = 1;
  TimeNs scale = kSecond / 10;
  for (; at < text.size() && is_digit(text[at]); ++at, scale /= 10) nanoseconds += (text[at] - '0') * scale;
  text.remove_prefix(at);
}

// "Z", "+01:00", "-0700"
bool take_zone(std::string_view& text, std::int32_t& offset) {
  if (take(text, "Z")) {
    offset = 0;
    return true;
  }
  unsigned h = 0, m = 0;
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-') || !two_digits(text.data() + 1, 23, h)) return false;
  const std::size_t colon = text[3] == ':' ? 1 : 0;
  if (text.size() < 5 + colon || !two_digits(text.data() + 3 + colon, 59, m)) return false;
  offset = static_cast<std::int32_t>(h * 3600 + m * 60) * (text[0] == '-' ? -1 : 1);
  text.remove_prefix(5 + colon);
  return true;
}

std::int64_t to_utc(const LogZone& zone, std::int64_t local) {
  std::int32_t offset = zone.count ? zone.pieces[0].offset : 0;
  for (std::size_t i = 1; i < zone.count && zone.pieces[i].from <= local; ++i) offset = zone.pieces[i].offset;
  return local - offset;
}

// The year of a date without one.
int year_for(LogClock& clock, unsigned month, unsigned day, std::int64_t second) {
  if (clock.year) {
    // Months that go back begin a new year, but for a line that is late: one month back, or December after January.
    if (clock.last_month > month + 1) ++clock.year, clock.last_month = month;
    const bool late = clock.last_month == 1 && month == 12;
    if (!late) clock.last_month = std::max(clock.last_month, month);
    return clock.year - late;
  }
  int year = year_of(clock.reference);
  while (month == 2 && day == 29 && !is_leap(year)) --year;
  if (to_utc(clock.zone, days_from_civil(year, month, day) * kDay + second) > clock.reference / kSecond + kDay) {
    --year;
    while (month == 2 && day == 29 && !is_leap(year)) --year;
  }
  return year;
}

}  // namespace

bool take_syslog_time(std::string_view& text, LogClock& clock, TimeNs& out) {
  // "Mmm d hh:mm:ss" with one or two spaces before a one-digit day.
  if (text.size() < 14) return false;
  const unsigned month = month_of(text.data());
  if (!month || text[3] != ' ') return false;
  auto rest = text.substr(4);
  if (rest[0] == ' ') rest.remove_prefix(1);
  unsigned day = 0;
  if (!take_number(rest, day, 31U) || day == 0 || day > kMonthDays[month - 1] || !take(rest, " ")) return false;
  int year = 0;
  if (rest.size() >= 13 && rest[2] != ':') {
    if (rest[4] != ' ' || !take_number(rest, year, 9999) || year < 1970 || !take(rest, " ")) return false;
  }
  std::int64_t second = 0;
  if (rest.size() < 8 || !clock_time(rest.data(), second)) return false;
  rest.remove_prefix(8);
  TimeNs fraction = 0;
  take_fraction(rest, fraction);
  if (!year) year = year_for(clock, month, day, second);
  out = to_utc(clock.zone, days_from_civil(year, month, day) * kDay + second) * kSecond + fraction;
  text = rest;
  return true;
}

bool take_iso_time(std::string_view& text, const LogClock& clock, TimeNs& out) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ')) return false;
  unsigned century = 0, years = 0, month = 0, day = 0;
  if (!two_digits(text.data(), 99, century) || !two_digits(text.data() + 2, 99, years) || !two_digits(text.data() + 5, 12, month) ||
      !two_digits(text.data() + 8, 31, day) || month == 0 || day == 0 || day > kMonthDays[month - 1])
    return false;
  const auto year = static_cast<std::int64_t>(century * 100 + years);
  std::int64_t second = 0;
  if (year < 1970 || year > 2261 || !clock_time(text.data() + 11, second)) return false;
  auto rest = text.substr(19);
  TimeNs fraction = 0;
  take_fraction(rest, fraction);
  std::int32_t offset = 0;
  const std::int64_t local = days_from_civil(year, month, day) * kDay + second;
  out = (take_zone(rest, offset) ? local - offset : to_utc(clock.zone, local)) * kSecond + fraction;
  text = rest;
  return true;
}

bool take_web_time(std::string_view& text, TimeNs& out) {
  if (text.size() < 26 || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[20] != ' ') return false;
  unsigned day = 0, century = 0, years = 0;
  const unsigned month = month_of(text.data() + 3);
  std::int64_t second = 0;
  if (!month || !two_digits(text.data(), 31, day) || day == 0 || day > kMonthDays[month - 1] || !two_digits(text.data() + 7, 99, century) ||
      !two_digits(text.data() + 9, 99, years) || !clock_time(text.data() + 12, second))
    return false;
  const auto year = static_cast<std::int64_t>(century * 100 + years);
  auto rest = text.substr(21);
  std::int32_t offset = 0;
  if (year < 1970 || year > 2261 || !take_zone(rest, offset)) return false;
  out = (days_from_civil(year, month, day) * kDay + second - offset) * kSecond;
  text = rest;
  return true;
}

bool take_epoch(std::string_view& text, TimeNs& out) {
  auto rest = text;
  std::int64_t n = 0;
  constexpr std::int64_t kLast = 9'000'000'000;  // seconds: the year 2255, within TimeNs
  if (!take_number(rest, n)) return false;
  TimeNs time = 0;
  if (n <= kLast) {
    time = n * kSecond;
    take_fraction(rest, time);
  } else if (n <= kLast * 1000) {
    time = n * kMillisecond;
  } else if (n <= kLast * 1'000'000) {
    time = n * kMicrosecond;
  } else {
    return false;
  }
  out = time;
  text = rest;
  return true;
}

}  // namespace sekisho
