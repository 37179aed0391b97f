// in_parallel: independent jobs on the processors there are, for questions that read millions of rows.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

namespace sekisho {

// How many threads in_parallel() uses at most.
inline std::size_t parallel_threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 8U); }

// job(thread, number) for each number below `jobs`, in any order; thread < parallel_threads(), and the calls with one thread come one after
// the other. Returns when all are done. `job` must not throw. Where no thread can be made the caller's does it all.
inline void in_parallel(std::size_t jobs, const std::function<void(std::size_t thread, std::size_t number)>& job) {
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t thread) {
    for (auto number = next++; number < jobs; number = next++) job(thread, number);
  };
  std::vector<std::jthread> others;
  for (std::size_t thread = 1; thread < std::min(parallel_threads(), jobs); ++thread) {
    try {
      others.emplace_back(work, thread);
    } catch (const std::system_error&) {
      break;
    }
  }
  work(0);
}

}  // namespace sekisho
