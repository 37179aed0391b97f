// Time formatting without locale or time-zone state.
#include "base/time.h"

#include <fmt/format.h>

#include <chrono>

namespace sekisho {
namespace {

struct Civil {
  int year;
  unsigned month, day, hour, minute, second, micros;
};

Civil civil(TimeNs time) {
  using namespace std::chrono;
  const sys_time<nanoseconds> at{nanoseconds{time}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<microseconds>(at - day)};
  return {int(date.year()),
          unsigned(date.month()),
          unsigned(date.day()),
          unsigned(clock.hours().count()),
          unsigned(clock.minutes().count()),
          unsigned(clock.seconds().count()),
          unsigned(clock.subseconds().count())};
}

}  // namespace

std::string format_rfc3339(TimeNs time) {
  const auto c = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", c.year, c.month, c.day, c.hour, c.minute, c.second, c.micros);
}

std::string format_datetime(TimeNs time) {
  const auto c = civil(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string format_clock(TimeNs time) {
  const auto c = civil(time);
  return fmt::format("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
}

std::string format_duration(DurationNs duration) {
  if (duration < 0) return "-" + format_duration(-duration);
  if (duration < kMillisecond) return fmt::format("{:.0f} us", double(duration) / 1e3);
  if (duration < kSecond) return fmt::format("{:.0f} ms", double(duration) / 1e6);
  if (duration < 10 * kSecond) return fmt::format("{:.1f} s", double(duration) / 1e9);
  const auto s = duration / kSecond;
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return s % 60 ? fmt::format("{} min {} s", s / 60, s % 60) : fmt::format("{} min", s / 60);
  if (s < 86400) return s / 60 % 60 ? fmt::format("{} h {} min", s / 3600, s / 60 % 60) : fmt::format("{} h", s / 3600);
  return s / 3600 % 24 ? fmt::format("{} d {} h", s / 86400, s / 3600 % 24) : fmt::format("{} d", s / 86400);
}

}  // namespace sekisho
