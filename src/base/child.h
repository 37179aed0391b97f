// run_child: another program's output, within a bounded time and size; it leaves nothing running.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sekisho {

struct ChildRun {
  std::string program;            // an absolute path; no shell, no search
  std::vector<std::string> args;  // without the program's name
  std::string input;              // given on standard input (at most 64 KiB); empty: /dev/null
  std::chrono::milliseconds within{5'000};
  std::function<bool()> stop;              // asked a few times a second, when given: true ends the program as if its time were over
  std::size_t max_output_bytes = 4 << 20;  // of stdout and of stderr, each; the rest is read and dropped
};
struct ChildOutput {
  int status = -1;  // exit status; 128 + signal when a signal ended it
  bool timed_out = false;
  bool truncated = false;
  std::string out, err;
};

// The program gets a process group of its own, an environment of PATH, LC_ALL=C and nothing else, and "/" as its folder. When the time is
// over the group is killed. An error only when it could not be started. Blocks the calling thread.
Result<ChildOutput> run_child(const ChildRun& run);

}  // namespace sekisho
