// Peers: the two kinds of volume detector that ours is compared with, fed the same packets/s towards the host once a second.
// Both alarm at 200 packets/s or more alone (the lowest common floor of our vectors), neither stops learning under attack.
#pragma once
#include <algorithm>
#include <array>
#include <vector>

namespace sekisho::bench {

constexpr double kPeerFloor = 200;

// "p99 of 300 s x 3": the rate exceeds three times the 99th percentile of the last five minutes, in three seconds one after another below
// 50,000 packets/s (the published rule of an agent that counts received packets).
class P99 {
 public:
  bool on_second(double pps) {
    bool alarm = false;
    if (ring_.size() == kMemory) {
      const double threshold = std::max(kPeerFloor, 3 * sorted_[kMemory * 99 / 100]);
      above_ = pps > threshold ? above_ + 1 : 0;
      alarm = above_ >= (pps >= 50'000 ? 1u : 3u);
      sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), ring_[at_]));
      ring_[at_] = pps, at_ = (at_ + 1) % kMemory;
    } else {
      ring_.push_back(pps);
    }
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), pps), pps);
    return alarm;
  }

 private:
  static constexpr std::size_t kMemory = 300;
  std::vector<double> ring_, sorted_;
  std::size_t at_ = 0;
  unsigned above_ = 0;
};

// "EWMA 0.3/0.05": the fast average exceeds `times` the slow one.
class Ewma {
 public:
  explicit Ewma(double times) : times_(times) {}
  bool on_second(double pps) {
    const bool alarm = seconds_ > 60 && fast_ + 0.3 * (pps - fast_) > std::max(kPeerFloor, times_ * slow_);
    if (seconds_++ == 0) fast_ = slow_ = pps;
    fast_ += 0.3 * (pps - fast_), slow_ += 0.05 * (pps - slow_);
    return alarm;
  }

 private:
  double times_, fast_ = 0, slow_ = 0;
  unsigned seconds_ = 0;
};

struct Peers {
  static constexpr std::size_t kCount = 3;
  P99 p99;
  Ewma three{3}, five{5};
  std::array<bool, kCount> on_second(double pps) { return {p99.on_second(pps), three.on_second(pps), five.on_second(pps)}; }
};

}  // namespace sekisho::bench
