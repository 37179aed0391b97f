// Two clocks: what a frame costs here is measured, not believed.
#include "input/frame_budget.h"

#include <algorithm>

#include "input/live_clock.h"

namespace sekisho {
namespace {

constexpr DurationNs kEvery = 100 * kMillisecond;
constexpr double kTarget = 0.7;  // of one processor; the rest is for bursts, storage and the other threads

}  // namespace

FrameBudget::FrameBudget(double most) : most_(most), allowed_(most) {
  wall_ = read_clock(CLOCK_MONOTONIC);
  cpu_ = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

bool FrameBudget::update(std::uint64_t frames) {
  const auto wall = read_clock(CLOCK_MONOTONIC);
  const auto passed = wall - wall_;
  if (passed < kEvery) return false;
  const auto cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
  const auto seconds = static_cast<double>(passed) / kSecond;
  rate_ = static_cast<double>(frames - frames_) / seconds;
  load_ = static_cast<double>(cpu - cpu_) / static_cast<double>(passed);
  wall_ = wall, cpu_ = cpu, frames_ = frames;
  // What the thread could do at the target load; without much to do nothing is learned about that.
  const double affordable = load_ > 0.2 ? rate_ * kTarget / load_ : most_;
  allowed_ = std::clamp(allowed_ + 0.5 * (std::min(affordable, most_) - allowed_), std::min(1000.0, most_), most_);
  return true;
}

}  // namespace sekisho
