// Wrapping, widths, colour and the ASCII fallback.
#include "app/text_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace sekisho {
namespace {

// Decodes the next code point of valid UTF-8 (everything here went through escape_hostile or is ours); a stray byte counts as one.
std::uint32_t next_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<std::uint8_t>(text[at++]);
  int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  std::uint32_t point = more == 3 ? lead & 0x07U : more == 2 ? lead & 0x0fU : more == 1 ? lead & 0x1fU : lead;
  for (; more > 0 && at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xc0) == 0x80; --more)
    point = point << 6 | (static_cast<std::uint8_t>(text[at++]) & 0x3fU);
  return point;
}

int point_width(std::uint32_t p) {
  if ((p >= 0x300 && p <= 0x36f) || (p >= 0x200b && p <= 0x200d) || (p >= 0xfe00 && p <= 0xfe0f)) return 0;
  const bool wide = (p >= 0x1100 && p <= 0x115f) || (p >= 0x2e80 && p <= 0xa4cf) || (p >= 0xac00 && p <= 0xd7a3) ||
                    (p >= 0xf900 && p <= 0xfaff) || (p >= 0xfe30 && p <= 0xfe6f) || (p >= 0xff00 && p <= 0xff60) ||
                    (p >= 0xffe0 && p <= 0xffe6) || (p >= 0x1f300 && p <= 0x1faff) || (p >= 0x20000 && p <= 0x3fffd);
  return wide ? 2 : 1;
}

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 22> kAscii{{
    {0x2192, "->"}, {0x2026, "..."},  {0x2013, "-"},   {0x2014, "-"},   {0x2212, "-"},   {0x00b7, "-"},    {0x00d7, "x"}, {0x2265, ">="},
    {0x2264, "<="}, {0x25a0, "[!!]"}, {0x25b2, "[!]"}, {0x25cf, "[*]"}, {0x25cb, "[o]"}, {0x2713, "[ok]"}, {0x2500, "-"}, {0x2502, "|"},
    {0x2514, "+"},  {0x2524, "|"},    {0x2018, "'"},   {0x2019, "'"},   {0x201c, "\""},  {0x201d, "\""},
}};

std::string_view ink_code(Ink ink) {
  switch (ink) {
    case Ink::none: return "";
    case Ink::bold: return "\x1b[1m";
    case Ink::dim: return "\x1b[2m";
    case Ink::red: return "\x1b[31m";
    case Ink::red_bold: return "\x1b[1;31m";
    case Ink::red_reverse: return "\x1b[1;37;41m";
    case Ink::yellow_bold: return "\x1b[1;33m";
    case Ink::cyan_bold: return "\x1b[1;36m";
    case Ink::green_bold: return "\x1b[1;32m";
  }
  return "";
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t at = 0; at < text.size();) width += point_width(next_point(text, at));
  return width;
}

std::string to_ascii(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = next_point(text, at);
    if (point < 0x80) {
      out += static_cast<char>(point);
      continue;
    }
    const auto known = std::find_if(kAscii.begin(), kAscii.end(), [&](const auto& entry) { return entry.first == point; });
    if (known != kAscii.end())
      out += known->second;
    else if (point >= 0x2581 && point <= 0x258f)  // blocks of bars and graphs
      out += point >= 0x2585 && point <= 0x258b ? '#' : point < 0x2585 ? '.' : ' ';
    else
      out += fmt::format("\\u{{{:04x}}}", point);
  }
  return out;
}

namespace {

// A number stays with its unit: "4.9 %", "812 kpps", "3 min".
bool is_unit(std::string_view word) {
  while (!word.empty() && (word.back() == ',' || word.back() == ';' || word.back() == '.' || word.back() == ')')) word.remove_suffix(1);
  constexpr std::array<std::string_view, 19> units{"%",  "pps", "kpps", "Mpps", "Gpps", "b/s", "kb/s", "Mb/s", "Gb/s", "B",
                                                   "kB", "MB",  "GB",   "s",    "ms",   "us",  "min",  "h",    "UTC"};
  return std::find(units.begin(), units.end(), word) != units.end();
}
bool ends_in_digit(std::string_view text) { return !text.empty() && text.back() >= '0' && text.back() <= '9'; }

// The end of the word that begins at `at`, its units included.
std::size_t word_end(std::string_view text, std::size_t at) {
  auto end = std::min(text.find(' ', at), text.size());
  if (end < text.size() && ends_in_digit(text.substr(at, end - at))) {
    const auto next = std::min(text.find(' ', end + 1), text.size());
    if (is_unit(text.substr(end + 1, next - end - 1))) end = next;
  }
  return end;
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, int width) {
  width = std::max(width, 8);
  std::vector<std::string> lines;
  std::string line;
  int used = 0;
  const auto flush = [&] {
    lines.push_back(std::move(line));
    line.clear();
    used = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto space = word_end(text, at);
    std::string_view word = text.substr(at, space - at);
    at = space + 1;
    if (word.empty()) continue;
    if (used > 0 && used + 1 + display_width(word) > width) flush();
    if (used > 0) line += ' ', ++used;
    for (std::size_t i = 0; i < word.size();) {  // point by point only matters for words that are too long
      const auto from = i;
      const int columns = point_width(next_point(word, i));
      if (used + columns > width) flush();
      line += word.substr(from, i - from);
      used += columns;
    }
  }
  if (!line.empty() || lines.empty()) flush();
  return lines;
}

std::string TextPage::inked(Ink ink, std::string_view text) const {
  if (!style_.colour || ink == Ink::none || text.empty()) return std::string{text};
  return fmt::format("{}{}\x1b[0m", ink_code(ink), text);
}

void TextPage::blank() {
  if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
}

void TextPage::entry(int indent, int lead_width, std::string_view lead, Ink lead_ink, std::string_view text, Ink text_ink) {
  const std::string head = shown(lead);
  const int gap = std::max(lead_width - display_width(head), lead.empty() ? 0 : 1);
  const int hang = indent + lead_width;
  // A lead that is longer than its column (an ASCII sign, say) pushes its first line; the others keep the hang.
  const int push = std::max(0, display_width(head) + gap - lead_width);
  bool first = true;
  for (const auto& piece : wrap(shown(text), style_.width - hang - push)) {
    out_ += std::string(static_cast<std::size_t>(first ? indent : hang), ' ');
    if (first) out_ += inked(lead_ink, head) + std::string(static_cast<std::size_t>(gap), ' ');
    out_ += inked(text_ink, piece) + "\n";
    first = false;
  }
}

void TextPage::line(const std::vector<TextPart>& left, const TextPart& right) {
  int used = 0;
  std::string text;
  for (const auto& part : left) {
    const std::string s = shown(part.text);
    used += display_width(s);
    text += inked(part.ink, s);
  }
  const std::string end = shown(right.text);
  const int room = style_.width - used - display_width(end);
  if (!end.empty() && room >= 2) text += std::string(static_cast<std::size_t>(room), ' ') + inked(right.ink, end);
  while (text.ends_with(' ')) text.pop_back();
  out_ += text + "\n";
}

void TextPage::rule(std::string_view title) {
  const std::string dash = shown("─");
  const std::string name = shown(title);
  std::string tail;
  for (int i = display_width(name) + 4; i < style_.width; ++i) tail += dash;
  out_ += inked(Ink::dim, dash + dash) + " " + inked(Ink::bold, name) + " " + inked(Ink::dim, tail) + "\n";
}

}  // namespace sekisho
