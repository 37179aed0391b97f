// RecentDistinct: about how many distinct things were seen within the last W steps, for any W up to ten minutes; fixed size.
// A multi-resolution bitmap (Estan, Varghese, Fisk 2003) whose bits are time stamps, so that the window slides.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace sekisho {

// Hashes are keyed by the caller. A step is 100 ms; steps never go back. Exact to about 2 of 50, 7 % above.
class RecentDistinct {
 public:
  static constexpr unsigned kLevels = 16, kSlots = 128;
  static constexpr std::uint32_t kLongestWindow = 6'000;  // steps

  void add(std::uint64_t hash, std::uint32_t step) {
    if (step - last_step_ > kLongestWindow) clear();
    if (step >> 14 != last_step_ >> 14) forget_old(step);  // stamps wrap after 65,536 steps
    last_step_ = step;
    const auto level = static_cast<unsigned>(std::countr_zero(hash | 1ULL << (kLevels - 1)));
    stamps_[level][hash >> 57] = stamp(step);
  }
  double estimate(std::uint32_t step, std::uint32_t window) const {
    if (step - last_step_ > window) return 0;
    // Levels from `base` on are sparse enough to be counted; each lower one holds twice as many things as the next.
    double sum = 0;
    for (unsigned level = kLevels; level-- > 0;) {
      const auto used = occupied(level, step, window);
      if (used > kFull && level + 1 < kLevels) return std::ldexp(sum, static_cast<int>(level + 1));
      sum += kSlots * std::log(kSlots / (kSlots - std::min(static_cast<double>(used), kSlots - 0.5)));
    }
    return sum;
  }
  void clear() { stamps_ = {}; }

 private:
  static constexpr unsigned kFull = 100;  // above, linear counting of 128 slots becomes noisy
  static std::uint16_t stamp(std::uint32_t step) { return (step & 0xffff) == 0 ? std::uint16_t{1} : static_cast<std::uint16_t>(step); }
  static bool within(std::uint16_t stored, std::uint32_t step, std::uint32_t window) {
    return stored != 0 && static_cast<std::uint16_t>(step - stored) <= window;
  }
  unsigned occupied(unsigned level, std::uint32_t step, std::uint32_t window) const {
    unsigned used = 0;
    for (const auto s : stamps_[level]) used += within(s, step, window) || s == stamp(step);
    return used;
  }
  void forget_old(std::uint32_t step) {
    for (auto& level : stamps_)
      for (auto& s : level)
        if (!within(s, step, kLongestWindow)) s = 0;
  }

  std::array<std::array<std::uint16_t, kSlots>, kLevels> stamps_{};
  std::uint32_t last_step_ = 0;
};

}  // namespace sekisho
