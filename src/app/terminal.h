// Terminal: decides colour, characters and width of human output from the terminal, the environment and --color.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sekisho {

struct TextStyle {
  bool colour = false;
  bool utf8 = true;
  int width = 80;  // 40-100
};

enum class ColorChoice { automatic, always, never };
bool parse_color_choice(std::string_view text, ColorChoice& out);  // "auto", "always", "never"

// What decide_style looks at; a struct so that tests need no terminal.
struct TerminalFacts {
  bool is_terminal = false;
  int columns = 0;  // as the terminal says, 0 = unknown
  std::optional<std::string> no_color, clicolor_force, term, columns_variable, lc_all, lc_ctype, lang;
};

// --color wins; then NO_COLOR (no-color.org), then CLICOLOR_FORCE, then "a terminal that is not dumb".
// UTF-8 as the locale says (LC_ALL, LC_CTYPE, LANG: the first that is set). Width: COLUMNS, the terminal, 80; at most 100.
TextStyle decide_style(const TerminalFacts& facts, ColorChoice choice);

TerminalFacts terminal_facts(int fd);  // of this process
inline TextStyle terminal_style(int fd, ColorChoice choice) { return decide_style(terminal_facts(fd), choice); }

}  // namespace sekisho
