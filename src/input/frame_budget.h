// FrameBudget: how many frames a second a live source may hand over, so that one thread with all that hangs on it stays below one
// processor.
#pragma once
#include <cstdint>

#include "base/time.h"

namespace sekisho {

// Owned by the thread that is measured (its own CPU clock is read).
class FrameBudget {
 public:
  // `most`: frames a second that are never exceeded.
  explicit FrameBudget(double most);
  // Looks again: `frames` were handed over since the start. At most ten times a second; false when it was too early.
  bool update(std::uint64_t frames);
  double rate() const { return rate_; }        // frames a second, lately
  double allowed() const { return allowed_; }  // frames a second
  double load() const { return load_; }        // of one processor, by this thread, lately

 private:
  double most_, allowed_, rate_ = 0, load_ = 0;
  std::uint64_t frames_ = 0;
  DurationNs wall_ = 0, cpu_ = 0;
};

}  // namespace sekisho
