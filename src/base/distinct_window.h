// DistinctWindow: how many different items of three kinds were seen within the last ten steps; the estimate of base/distinct.h.
// A bitmap for each step instead of a time for each slot: packets touch the current step's only, mostly one or two cache lines of it for
// all three kinds, and counting is left to those who ask.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/distinct.h"

namespace sekisho {

// Threads may add to one step at once; all else is done between the steps, by one thread. 8.25 KiB.
class DistinctWindow {
 public:
  static constexpr unsigned kKinds = 3, kSteps = 10;
  static constexpr unsigned kSlots = kSteps + 1;  // one of them is clear for the step to come: a step's slot is its number modulo this

  // `hash` is keyed. Shared: other threads may add as well; a locked store waits for all stores before it.
  template <bool kShared = true>
  void add(unsigned kind, std::uint64_t hash, unsigned slot) {
    std::uint64_t& plain = steps_[slot][distinct_detail::level_of(hash)][kind][hash >> 6 & 1];
    const std::uint64_t bit = 1ULL << (hash & 63);
    if constexpr (kShared) {
      std::atomic_ref<std::uint64_t> word{plain};
      if ((word.load(std::memory_order_relaxed) & bit) == 0) word.fetch_or(bit, std::memory_order_relaxed);
    } else {
      plain |= bit;
    }
  }
  void prefetch(unsigned slot) const {  // three of four items are within the first two lines
    __builtin_prefetch(&steps_[slot], 1);
    __builtin_prefetch(reinterpret_cast<const char*>(&steps_[slot]) + 64, 1);
  }
  void merge(const DistinctWindow& other, unsigned slot) {
    for (unsigned l = 0; l < kLevels; ++l)
      for (unsigned kind = 0; kind < kKinds; ++kind)
        for (unsigned i = 0; i < kWords; ++i) steps_[slot][l][kind][i] |= other.steps_[slot][l][kind][i];
  }
  void clear(unsigned slot) { steps_[slot] = {}; }
  // Over all steps that were not cleared.
  double count(unsigned kind) const {
    std::array<unsigned, kLevels> set{};
    for (unsigned l = 0; l < kLevels; ++l) {
      std::array<std::uint64_t, kWords> all{};
      for (const auto& step : steps_)
        for (unsigned i = 0; i < kWords; ++i) all[i] |= step[l][kind][i];
      for (const auto word : all) set[l] += static_cast<unsigned>(std::popcount(word));
    }
    return distinct_detail::estimate(set);
  }

 private:
  static constexpr unsigned kLevels = distinct_detail::kLevels, kWords = distinct_detail::kSlots / 64;
  using Step = std::array<std::array<std::array<std::uint64_t, kWords>, kKinds>, kLevels>;
  alignas(64) std::array<Step, kSlots> steps_{};
};

}  // namespace sekisho
