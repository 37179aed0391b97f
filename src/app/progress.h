// ProgressBar: percent, rate and time left on stderr for work that takes over a second; only on a terminal.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "input/capture_files.h"

namespace sekisho {

// Draws from a thread of its own until destroyed, and asks the source to stop when the user interrupts (SIGINT, SIGTERM).
class ProgressBar {
 public:
  ProgressBar(const CaptureProgress& progress, bool draw, std::stop_source stop);
  ~ProgressBar();

 private:
  void run(const std::stop_token& token);
  void draw(double seconds);

  const CaptureProgress& progress_;
  const bool draw_;
  std::stop_source stop_;
  bool drawn_ = false;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

// SIGINT and SIGTERM set a flag once; a second one ends the program at once. True if one arrived.
void catch_interrupts();
bool interrupted();
// SIGHUP sets another flag, which asking clears; with `stops` it is one of the above (the terminal went away).
void catch_hangups(bool stops);
bool take_hangup();

}  // namespace sekisho
