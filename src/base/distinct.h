// Distinct: how many different items were seen within a sliding window, in 4 KiB, with one write an item.
// A multi-resolution bitmap (Estan, Varghese, Fisk 2003) whose bits are the step in which they were last set: the window slides by
// reading, nothing is cleared. Standard error about 6 %.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace sekisho {

namespace distinct_detail {
constexpr unsigned kLevels = 16, kSlots = 128;

// What a level with so many of its slots set stands for (linear counting); a logarithm for each of 16 levels would take longer than all
// else.
inline const std::array<double, kSlots + 1> kItems = [] {
  std::array<double, kSlots + 1> items{};
  for (unsigned set = 0; set <= kSlots; ++set) items[set] = kSlots * std::log(1.0 - std::min<double>(set, kSlots - 0.5) / kSlots);
  return items;
}();

inline unsigned level_of(std::uint64_t hash) { return std::min<unsigned>(static_cast<unsigned>(std::countl_zero(hash | 1)), kLevels - 1); }

// From the number of set slots of each level.
inline double estimate(const std::array<unsigned, kLevels>& set) {
  unsigned base = 0;
  while (base + 1 < kLevels && set[base] > kSlots * 8 / 10) ++base;
  double sum = 0;
  for (unsigned l = base; l < kLevels; ++l) sum -= kItems[set[l]];
  return std::ldexp(sum, static_cast<int>(base));
}
}  // namespace distinct_detail

class Distinct {
 public:
  static constexpr unsigned kLevels = distinct_detail::kLevels, kSlots = distinct_detail::kSlots;
  using Stamp = std::uint16_t;  // step number; 0 = never. Wraps after 65,535 steps: a stale slot may count again for one window.

  void add(std::uint64_t hash, Stamp now) { stamps_[distinct_detail::level_of(hash)][hash % kSlots] = now; }  // `hash` is keyed
  // Items added within the last `steps` steps, the current one included.
  double count(Stamp now, unsigned steps) const {
    std::array<unsigned, kLevels> set{};
    for (unsigned l = 0; l < kLevels; ++l)
      for (unsigned i = 0; i < kSlots; ++i) set[l] += age(stamps_[l][i], now) < steps;
    return distinct_detail::estimate(set);
  }
  void clear() { stamps_ = {}; }

 private:
  static unsigned age(Stamp stamp, Stamp now) { return stamp == 0 ? 1u << 16 : static_cast<Stamp>(now - stamp); }
  std::array<std::array<Stamp, kSlots>, kLevels> stamps_{};
};

}  // namespace sekisho
