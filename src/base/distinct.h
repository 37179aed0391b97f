// Distinct: how many different items were seen within a sliding window, in 4 KiB, with one write an item.
// A multi-resolution bitmap (Estan, Varghese, Fisk 2003) whose bits are the step in which they were last set: the window slides by
// reading, nothing is cleared. Standard error about 6 %.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>

namespace sekisho {

class Distinct {
 public:
  static constexpr unsigned kLevels = 16, kSlots = 128;
  using Stamp = std::uint16_t;  // step number; 0 = never. Wraps after 65,535 steps: a stale slot may count again for one window.

  // `hash` is keyed. Threads of one step may call this at once: all of them write the same stamp.
  void add(std::uint64_t hash, Stamp now) {
    const unsigned level = std::min<unsigned>(static_cast<unsigned>(std::countl_zero(hash | 1)), kLevels - 1);
    std::atomic_ref<Stamp> slot{stamps_[level][hash % kSlots]};
    if (slot.load(std::memory_order_relaxed) != now) slot.store(now, std::memory_order_relaxed);
  }
  void merge(const Distinct& other, Stamp now) {
    for (unsigned l = 0; l < kLevels; ++l)
      for (unsigned i = 0; i < kSlots; ++i)
        if (age(other.stamps_[l][i], now) < age(stamps_[l][i], now)) stamps_[l][i] = other.stamps_[l][i];
  }
  // Items added within the last `steps` steps, the current one included.
  double count(Stamp now, unsigned steps) const {
    std::array<unsigned, kLevels> set{};
    for (unsigned l = 0; l < kLevels; ++l)
      for (unsigned i = 0; i < kSlots; ++i) set[l] += age(stamps_[l][i], now) < steps;
    unsigned base = 0;
    while (base + 1 < kLevels && set[base] > kSlots * 8 / 10) ++base;
    double sum = 0;
    for (unsigned l = base; l < kLevels; ++l)
      sum -= kSlots * std::log(1.0 - std::min<double>(set[l], kSlots - 0.5) / kSlots);  // linear counting
    return std::ldexp(sum, static_cast<int>(base));
  }
  void clear() { stamps_ = {}; }

 private:
  static unsigned age(Stamp stamp, Stamp now) { return stamp == 0 ? 1u << 16 : static_cast<Stamp>(now - stamp); }
  std::array<std::array<Stamp, kSlots>, kLevels> stamps_{};
};

}  // namespace sekisho
