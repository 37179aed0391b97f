// check(): a broken invariant stops the program with the place and the broken condition.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace sekisho {

inline void check(bool holds, const char* what, std::source_location where = std::source_location::current()) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "sekisho: broken invariant: %s (%s:%u)\n", what, where.file_name(), where.line());
  std::abort();
}

}  // namespace sekisho
