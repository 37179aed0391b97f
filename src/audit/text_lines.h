// Lines and words of configuration files, and a word made safe for a shell.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"

namespace sekisho {

// Calls each(number, line) with every line, numbered from 1, without its end.
template <class Each>
void for_each_line(std::string_view text, Each each) {
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    each(number, line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view trimmed(std::string_view text);                // without blanks at both ends
std::vector<std::string_view> words_of(std::string_view line);  // separated by blanks
std::string lower(std::string_view text);                       // ASCII
// A path or name as one word of a command that a person may paste: quoted where it must be, $'…' with escapes for control characters.
std::string shell_quoted(std::string_view text);

}  // namespace sekisho
