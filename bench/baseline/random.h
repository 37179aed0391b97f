// Random: fixed seeds give the same traffic on every machine (splitmix64, Box-Muller, Knuth's Poisson).
#pragma once
#include <cmath>
#include <cstdint>

namespace sekisho::bench {

class Random {
 public:
  explicit Random(std::uint64_t seed = 1) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  unsigned below(unsigned n) { return static_cast<unsigned>(bits() % n); }
  bool chance(double p) { return uniform() < p; }
  double normal() {
    if (spare_known_) {
      spare_known_ = false;
      return spare_;
    }
    const double r = std::sqrt(-2 * std::log(1 - uniform())), angle = 2 * 3.141592653589793 * uniform();
    spare_ = r * std::sin(angle), spare_known_ = true;
    return r * std::cos(angle);
  }
  double poisson(double mean) {
    if (mean <= 0) return 0;
    if (mean > 20) return std::max(0.0, std::round(mean + std::sqrt(mean) * normal()));
    double product = uniform(), n = 0;
    for (const double limit = std::exp(-mean); product > limit; product *= uniform()) ++n;
    return n;
  }

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool spare_known_ = false;
};

}  // namespace sekisho::bench
