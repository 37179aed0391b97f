// Patterns with '*' and '?'.
#pragma once
#include <string_view>

namespace sekisho {

// Like fnmatch(3) with '*' and '?' alone, as sshd and Include use them; a slash is no special character.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace sekisho
