// Tally: what one shard counted for one local host in one direction within the current step.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

#include "base/distinct_window.h"
#include "model/second.h"

namespace sekisho {

// A set of traffic classes that is quick to walk: most rows have a handful of them.
class ClassMask {
 public:
  void set(std::size_t c) { words_[c >> 6] |= 1ULL << (c & 63); }
  void clear() { words_ = {}; }
  template <class F>
  void for_each(F f) const {
    for (std::size_t w = 0; w < words_.size(); ++w)
      for (auto bits = words_[w]; bits != 0; bits &= bits - 1) f(w * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  }

 private:
  std::array<std::uint64_t, (kTrafficClasses + 63) / 64> words_{};
};

struct StepCount {
  std::uint32_t packets = 0, bytes = 0;
};
using StepFacts = std::array<std::uint32_t, static_cast<std::size_t>(Fact::count)>;

struct alignas(64) Tally {  // what most packets touch comes first
  ClassMask classes;        // that were counted
  bool used = false, any_facts = false;
  StepFacts facts{};
  std::array<StepCount, kTrafficClasses> counts{};
};

constexpr unsigned kStepsPerWindow = DistinctWindow::kSteps;
constexpr unsigned sketch_slot(std::uint64_t step) { return static_cast<unsigned>(step % DistinctWindow::kSlots); }

constexpr std::size_t kMaxHosts = 256;              // local hosts with rows of their own; row 0 takes the rest
constexpr std::size_t kRows = 2 * (kMaxHosts + 1);  // by host and direction
constexpr std::size_t row_of(std::uint16_t host, Direction d) { return std::size_t{host} * 2 + static_cast<std::size_t>(d); }

}  // namespace sekisho
