// LogHistogram: how often which rate was seen, in buckets of 19 %. 200 bytes.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace sekisho {

class LogHistogram {
 public:
  static constexpr unsigned kBuckets = 96;  // four to an octave: up to 14 million packets/s
  static constexpr unsigned kMost = 60'000;  // samples; more are not taken

  void add(double pps, unsigned times = 1) { add_bucket(bucket(pps), times); }
  void add_bucket(unsigned b, unsigned times) {
    times = std::min(times, kMost - std::min(samples_, kMost));
    buckets_[b] = static_cast<std::uint16_t>(buckets_[b] + times), samples_ += times;
  }
  // Adds what `other` holds; rates above `most` count as `most`.
  void merge(const LogHistogram& other, double most = 1e9) {
    const unsigned last = bucket(most);
    for (unsigned b = 0; b < kBuckets; ++b) add_bucket(std::min(b, last), other.buckets_[b]);
  }
  // Old samples fade.
  void halve() {
    samples_ = 0;
    for (auto& b : buckets_) samples_ += b = static_cast<std::uint16_t>(b / 2);
  }
  void clear() { *this = {}; }

  unsigned samples() const { return samples_; }
  unsigned in_bucket(unsigned b) const { return buckets_[b]; }
  // The rate that a share `q` of the samples does not exceed; 0 when there is none.
  double quantile(double q) const {
    const double want = q * samples_;
    double sum = 0;
    for (unsigned i = 0; i < kBuckets; ++i)
      if ((sum += buckets_[i]) >= want && sum > 0) return value(i);
    return 0;
  }
  // Median distance of the samples' logarithms from that of `centre`.
  double log_mad(double centre) const {
    if (centre <= 0) return 0;
    std::array<unsigned, kBuckets> distance{};
    const int middle = static_cast<int>(bucket(centre));
    for (unsigned i = 0; i < kBuckets; ++i) distance[static_cast<unsigned>(std::abs(static_cast<int>(i) - middle))] += buckets_[i];
    unsigned sum = 0;
    for (unsigned d = 0; d < kBuckets; ++d)
      if ((sum += distance[d]) * 2 >= samples_) return d * std::log(2.0) / 4;
    return 0;
  }

 private:
  static unsigned bucket(double pps) {
    return pps < 1 ? 0 : std::min<unsigned>(kBuckets - 1, 1 + static_cast<unsigned>(4 * std::log2(pps)));
  }
  static double value(unsigned b) { return b == 0 ? 0 : std::exp2((b - 0.5) / 4); }
  std::array<std::uint16_t, kBuckets> buckets_{};
  std::uint32_t samples_ = 0;
};

}  // namespace sekisho
