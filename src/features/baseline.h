// Baseline: what is normal for one traffic class of one row, learned from clean seconds.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace sekisho {

// A log-scale histogram of packets per second (buckets of 19 %), halved when full so that old seconds fade. 200 bytes.
class Baseline {
 public:
  static constexpr unsigned kBuckets = 96;

  void learn(double pps) {
    if (seconds_ >= kMemory) {
      seconds_ = 0;
      for (auto& b : buckets_) seconds_ += b /= 2;
    }
    ++buckets_[bucket(pps)], ++seconds_;
  }
  unsigned seconds() const { return seconds_; }
  double quantile(double q) const {
    const double want = q * seconds_;
    double sum = 0;
    for (unsigned i = 0; i < kBuckets; ++i)
      if ((sum += buckets_[i]) >= want && sum > 0) return value(i);
    return 0;
  }
  double median() const { return quantile(0.5); }
  // max(median * clamp(e^(5 * 1.4826 * MAD of ln), 3, 6), 1.2 * the 99.9th percentile): FACTS section 9.
  double ceiling() const {
    const double m = median();
    const double mad = log_mad(m);
    return std::max(m * std::clamp(std::exp(5 * 1.4826 * mad), 3.0, 6.0), 1.2 * quantile(0.999));
  }

 private:
  static constexpr unsigned kMemory = 900;
  static unsigned bucket(double pps) {
    return pps < 1 ? 0 : std::min<unsigned>(kBuckets - 1, 1 + static_cast<unsigned>(4 * std::log2(pps)));
  }
  static double value(unsigned b) { return b == 0 ? 0 : std::exp2((b - 0.5) / 4); }
  double log_mad(double m) const {
    if (m <= 0) return 0;
    std::array<unsigned, kBuckets> distance{};
    const int centre = static_cast<int>(bucket(m));
    for (unsigned i = 0; i < kBuckets; ++i) distance[static_cast<unsigned>(std::abs(static_cast<int>(i) - centre))] += buckets_[i];
    unsigned sum = 0;
    for (unsigned d = 0; d < kBuckets; ++d)
      if ((sum += distance[d]) * 2 >= seconds_) return d * std::log(2.0) / 4;
    return 0;
  }
  std::array<std::uint16_t, kBuckets> buckets_{};
  unsigned seconds_ = 0;
};

}  // namespace sekisho
