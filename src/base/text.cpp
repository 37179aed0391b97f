// Numbers for people, and the one place that makes hostile text harmless.
#include "base/text.h"

#include <fmt/format.h>

#include <array>

namespace sekisho {
namespace {

std::string scaled(double value, std::string_view unit, bool space_before_prefix = true) {
  constexpr std::array<const char*, 6> prefix{"", "k", "M", "G", "T", "P"};
  std::size_t i = 0;
  while (value >= 999.5 && i + 1 < prefix.size()) value /= 1000, ++i;
  const char* space = space_before_prefix ? " " : "";
  if (i == 0) return fmt::format("{:.0f}{}{}", value, space, unit);
  return value < 99.95 ? fmt::format("{:.1f}{}{}{}", value, space, prefix[i], unit)
                       : fmt::format("{:.0f}{}{}{}", value, space, prefix[i], unit);
}

// Length of the valid UTF-8 sequence at text[at], 0 if it is invalid; the code point goes to `point`.
std::size_t utf8_length(std::string_view text, std::size_t at, std::uint32_t& point) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(at);
  if (lead < 0x80) return point = lead, 1;
  const std::size_t length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead > 0xf4 || at + length > text.size()) return 0;
  point = lead & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
    point = point << 6 | (byte(at + i) & 0x3f);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  return overlong || surrogate || point > 0x10ffff ? 0 : length;
}

bool is_bidirectional_mark(std::uint32_t p) {
  return p == 0x061c || p == 0x200e || p == 0x200f || (p >= 0x202a && p <= 0x202e) || (p >= 0x2066 && p <= 0x2069);
}

}  // namespace

std::string format_count(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string format_rate_pps(double pps) {
  if (pps > 0 && pps < 9.95) return fmt::format("{:.1f} pps", pps);
  return scaled(pps, "pps");
}
std::string format_rate_bps(double bits_per_s) { return scaled(bits_per_s, "b/s"); }
std::string format_bytes(std::uint64_t bytes) { return scaled(static_cast<double>(bytes), "B"); }

std::string escape_hostile(std::string_view text, std::size_t max_bytes) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (out.size() >= max_bytes) return out + "…";
    std::uint32_t point = 0;
    const auto length = utf8_length(text, at, point);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[at++]));
      continue;
    }
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))
      out += fmt::format("\\x{:02x}", point);
    else if (is_bidirectional_mark(point) || point == 0x2028 || point == 0x2029 || point == 0xfeff)
      out += fmt::format("\\u{{{:04x}}}", point);
    else
      out += text.substr(at, length);
    at += length;
  }
  return out;
}

std::string csv_cell(std::string_view text) {
  const bool formula = !text.empty() && std::string_view{"=+-@\t\r"}.find(text.front()) != std::string_view::npos;
  std::string out = formula ? "'" : "";
  out += text;
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string{"\"\""} : std::string{c};
  return quoted + "\"";
}

}  // namespace sekisho
