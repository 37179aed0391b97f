// Terminal facts and the style that follows from them.
#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace sekisho {
namespace {

bool set(const std::optional<std::string>& variable) { return variable && !variable->empty(); }

bool locale_is_utf8(const TerminalFacts& facts) {
  std::string name;
  for (const auto* variable : {&facts.lc_all, &facts.lc_ctype, &facts.lang})
    if (set(*variable)) {
      name = **variable;
      break;
    }
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name.find("utf-8") != std::string::npos || name.find("utf8") != std::string::npos;
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>{value} : std::nullopt;
}

}  // namespace

bool parse_color_choice(std::string_view text, ColorChoice& out) {
  if (text == "auto") return out = ColorChoice::automatic, true;
  if (text == "always") return out = ColorChoice::always, true;
  if (text == "never") return out = ColorChoice::never, true;
  return false;
}

TextStyle decide_style(const TerminalFacts& facts, ColorChoice choice) {
  TextStyle style;
  const bool dumb = facts.term && *facts.term == "dumb";
  switch (choice) {
    case ColorChoice::always: style.colour = true; break;
    case ColorChoice::never: style.colour = false; break;
    case ColorChoice::automatic:
      style.colour = !set(facts.no_color) &&
                     ((set(facts.clicolor_force) && *facts.clicolor_force != "0") || (facts.is_terminal && !dumb && set(facts.term)));
      break;
  }
  style.utf8 = locale_is_utf8(facts);
  int columns = facts.is_terminal && facts.columns > 0 ? facts.columns : 80;
  if (set(facts.columns_variable)) {
    const auto& text = *facts.columns_variable;
    int given = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), given);
    if (error == std::errc{} && end == text.data() + text.size() && given > 0) columns = given;
  }
  style.width = std::clamp(columns, 40, 100);
  return style;
}

TerminalFacts terminal_facts(int fd) {
  TerminalFacts facts;
  facts.is_terminal = isatty(fd) == 1;
  winsize size{};
  if (facts.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0) facts.columns = size.ws_col;
  facts.no_color = variable("NO_COLOR");
  facts.clicolor_force = variable("CLICOLOR_FORCE");
  facts.term = variable("TERM");
  facts.columns_variable = variable("COLUMNS");
  facts.lc_all = variable("LC_ALL");
  facts.lc_ctype = variable("LC_CTYPE");
  facts.lang = variable("LANG");
  return facts;
}

}  // namespace sekisho
