// The small parsers of HTTP's parts; pure, total, fuzzed (tests/fuzz/fuzz_http_parts.cpp).
#include "web/http.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

namespace sekisho {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
// Calls `each` for every part until it says false.
template <class Each>
void split(std::string_view text, char at, Each each) {
  for (;;) {
    const auto end = text.find(at);
    if (!each(text.substr(0, end)) || end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}
bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The last time that nanoseconds in 64 bits can hold, in seconds.
constexpr double kEndOfTime = 9.2e9;

std::optional<double> rfc3339(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  double seconds = static_cast<double>(std::chrono::sys_days{date}.time_since_epoch().count()) * 86400;
  if (text.empty()) return seconds;
  if (!take(text, "Tt ")) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  seconds += *hour * 3600 + *minute * 60;
  if (take(text, ":")) {
    const auto second = digits(text, 2);
    if (!second || *second > 60) return std::nullopt;
    seconds += *second;
    if (take(text, ".")) {
      double scale = 0.1;
      std::size_t length = 0;
      while (!text.empty() && text.front() >= '0' && text.front() <= '9' && length++ < 12) {
        seconds += scale * (text.front() - '0');
        scale /= 10;
        text.remove_prefix(1);
      }
    }
  }
  if (text.empty() || text == "Z" || text == "z") return seconds;
  const bool west = text.front() == '-';
  // A '+' in a query that was not escaped has become a space.
  if (!take(text, "+- ")) return std::nullopt;
  const auto offset_hours = digits(text, 2);
  if (!offset_hours || *offset_hours > 23) return std::nullopt;
  take(text, ":");
  const auto offset_minutes = text.empty() ? std::optional<int>{0} : digits(text, 2);
  if (!offset_minutes || !text.empty()) return std::nullopt;
  return seconds - (west ? -1 : 1) * (*offset_hours * 3600.0 + *offset_minutes * 60.0);
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? hex(text[i + 1]) : -1, low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Error{"a % in the address is not followed by two hexadecimal digits", ErrorKind::usage};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return Error{"the address has a zero byte", ErrorKind::usage};
    out += c;
  }
  return out;
}

Result<void> parse_target(std::string_view target, HttpRequest& into) {
  if (target.empty() || target.front() != '/') return Error{"the address must be a path that begins with /", ErrorKind::usage};
  const auto mark = target.find('?');
  into.path = TRY(percent_decode(target.substr(0, mark), false));
  into.query.clear();
  if (mark == std::string_view::npos) return {};
  Result<void> done;
  std::size_t count = 0;
  split(target.substr(mark + 1), '&', [&](std::string_view part) {
    if (part.empty()) return true;
    if (++count > 32) {
      done = Error{"the address has more than 32 parameters", ErrorKind::usage};
      return false;
    }
    const auto equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? Result<std::string>{std::string{}} : percent_decode(part.substr(equals + 1), true);
    if (!name.ok()) done = name.error();
    if (!value.ok()) done = value.error();
    if (!done.ok()) return false;
    into.query[*name] = *value;
    return true;
  });
  return done;
}

std::optional<std::string_view> cookie_value(std::string_view header, std::string_view name) {
  std::optional<std::string_view> found;
  split(header, ';', [&](std::string_view part) {
    part = trimmed(part);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || part.substr(0, equals) != name) return true;
    found = part.substr(equals + 1);
    return false;
  });
  return found;
}

bool accepts_encoding(std::string_view header, std::string_view coding) {
  bool accepted = false;
  split(header, ',', [&](std::string_view part) {
    const auto semicolon = part.find(';');
    if (trimmed(part.substr(0, semicolon)) != coding) return true;
    accepted = true;
    if (semicolon != std::string_view::npos) {
      const auto weight = trimmed(part.substr(semicolon + 1));
      // "q=0", "q=0.0", "q=0.000": no.
      if (weight.starts_with("q=0") && weight.find_first_not_of(".0", 2) == std::string_view::npos) accepted = false;
    }
    return false;
  });
  return accepted;
}

std::optional<double> parse_when(std::string_view text, double now_s) {
  if (text.empty() || text.size() > 40) return std::nullopt;
  const bool epoch = text.front() == '@';
  const auto plain = epoch ? text.substr(1) : text;
  double number = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(plain.data() + plain.size() - end));
  const bool in_range = error == std::errc{} && std::isfinite(number) && number >= 0 && number < kEndOfTime;
  if (in_range && rest.empty()) return number;
  if (epoch) return std::nullopt;
  if (in_range && rest.size() == 1) {
    constexpr std::pair<char, double> units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    for (const auto& [unit, seconds] : units)
      if (rest.front() == unit) return std::max(0.0, now_s - number * seconds);
  }
  const auto time = rfc3339(text);
  return time && *time >= 0 && *time < kEndOfTime ? time : std::nullopt;
}

HttpResponse error_response(int status, std::string_view message, std::string_view hint) {
  nlohmann::ordered_json document{{"schema", 1}, {"error", {{"message", message}, {"hint", hint}}}};
  HttpResponse response;
  response.status = status;
  response.body = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace sekisho
