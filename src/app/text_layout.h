// TextPage: lays out text for a terminal: hanging indents, wrapping, colour, and ASCII where the locale is not UTF-8.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "app/terminal.h"

namespace sekisho {

enum class Ink { none, bold, dim, red, red_bold, red_reverse, yellow_bold, cyan_bold, green_bold };

// Columns that UTF-8 text takes; East Asian wide characters take two, combining marks none.
int display_width(std::string_view text);
// Known signs become ASCII ones ("→" "->", "█" "#"), everything else \u{NNNN}.
std::string to_ascii(std::string_view text);
// Breaks at spaces; a word longer than the width is cut. Never returns an empty list.
std::vector<std::string> wrap(std::string_view text, int width);

struct TextPart {
  std::string text;
  Ink ink = Ink::none;
};

class TextPage {
 public:
  explicit TextPage(TextStyle style) : style_(style) {}
  const TextStyle& style() const { return style_; }

  // Text as this terminal can show it.
  std::string shown(std::string_view text) const { return style_.utf8 ? std::string{text} : to_ascii(text); }
  std::string inked(Ink ink, std::string_view text) const;

  void blank();  // one empty line, never two in a row
  // `lead` in a column of lead_width at `indent`, then the text, wrapped with a hanging indent.
  void entry(int indent, int lead_width, std::string_view lead, Ink lead_ink, std::string_view text, Ink text_ink = Ink::none);
  // A line of left text and, if it fits, right text at the right margin.
  void line(const std::vector<TextPart>& left, const TextPart& right = {});
  void rule(std::string_view title);  // "── title ─────────"

  std::string take() { return std::move(out_); }

 private:
  TextStyle style_;
  std::string out_;
};

}  // namespace sekisho
