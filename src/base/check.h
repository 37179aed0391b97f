// check(): a broken invariant stops the program with the place and the broken condition.
#pragma once
#include <cstdio>
#include <cstdlib>

namespace sekisho {

// The builtins are what std::source_location is made of; clang 14 (fuzzers) has them but not the class.
inline void check(bool holds, const char* what, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "sekisho: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace sekisho
