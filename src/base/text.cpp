// Numbers for people, and the one place that makes hostile text harmless.
#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
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

// Marks of direction, ends of lines and paragraphs, and what takes no place: two names that look alike must not be two names.
// The same list as in web/src/lib/text.ts.
bool is_unseen(std::uint32_t p) {
  return p == 0x00ad || p == 0x061c || p == 0x115f || p == 0x1160 || p == 0x180e || (p >= 0x200b && p <= 0x200f) ||
         (p >= 0x2028 && p <= 0x202e) || (p >= 0x2060 && p <= 0x206f) || p == 0x3164 || p == 0xfeff || (p >= 0xfff9 && p <= 0xfffb) ||
         (p >= 0xe0000 && p <= 0xe007f);
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
    else if (is_unseen(point))
      out += fmt::format("\\u{{{:04x}}}", point);
    else
      out += text.substr(at, length);
    at += length;
  }
  return out;
}

std::string csv_cell(std::string_view text) {
  // A cell begins with the text, and where semicolons or tabs separate cells (half of Europe) also after each of these and after the end
  // of a line: there the quotes around it mean nothing.
  constexpr std::string_view signs[] = {"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
  std::string out;
  bool at_begin = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool sign = std::any_of(std::begin(signs), std::end(signs), [&](auto s) { return text.substr(at).starts_with(s); });
    if (at_begin && sign) out += '\'';
    at_begin = text[at] == ';' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n' || (at_begin && text[at] == ' ');
    out += text[at];
  }
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string{"\"\""} : std::string{c};
  return quoted + "\"";
}

}  // namespace sekisho
