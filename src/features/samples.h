// SampleBuffer: a bounded sample of the packets of one step, the same whatever the number of shards.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/second.h"

namespace sekisho {

// Strata keep a rare kind of packet visible beside a flood of another kind.
enum class Stratum : std::uint8_t { syn, tcp, udp, other, count };
constexpr std::size_t kStrata = static_cast<std::size_t>(Stratum::count);
constexpr std::size_t kSamplesPerStep = 256;  // per stratum and direction: 2,560 within a window of one second

// A packet is kept when the low bits of its mixed index are zero; the mask only grows within a step, so that the kept set is nested:
// merging the shards' sets under the largest mask, then growing it until the set fits, gives the same result for any split.
struct KeptSample {
  std::uint64_t mixed_index;
  std::uint64_t index;
  Sample sample;
};

class SampleBuffer {
 public:
  static std::uint64_t mix(std::uint64_t index) { return (index + 1) * 0x9e3779b97f4a7c15ULL >> 20; }
  bool wants(std::uint64_t mixed) const { return (mixed & mask_) == 0; }
  void keep(std::uint64_t mixed, std::uint64_t index, const Sample& sample) {
    kept_.push_back({mixed, index, sample});
    if (kept_.size() >= 4 * kSamplesPerStep) thin();
  }
  void start_step(std::uint64_t mask) { mask_ = mask, kept_.clear(); }
  void reserve() { kept_.reserve(4 * kSamplesPerStep); }

  // Joins the shards' buffers of one stratum; returns the mask that the step ended with. Samples are in order of time (index).
  static std::uint64_t join(std::vector<SampleBuffer*>& parts, std::vector<Sample>& out) {
    std::uint64_t mask = 0;
    for (const auto* part : parts) mask = std::max(mask, part->mask_);
    std::vector<const KeptSample*> all;
    for (const auto* part : parts)
      for (const auto& k : part->kept_)
        if ((k.mixed_index & mask) == 0) all.push_back(&k);
    while (all.size() > kSamplesPerStep) {
      mask = mask << 1 | 1;
      std::erase_if(all, [&](const KeptSample* k) { return (k->mixed_index & mask) != 0; });
    }
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->index < b->index; });
    out.clear();
    for (const auto* k : all) {
      out.push_back(k->sample);
      out.back().weight *= static_cast<float>(mask + 1);
    }
    return mask;
  }

 private:
  void thin() {
    while (kept_.size() >= 4 * kSamplesPerStep) {
      mask_ = mask_ << 1 | 1;
      std::erase_if(kept_, [this](const KeptSample& k) { return (k.mixed_index & mask_) != 0; });
    }
  }
  std::uint64_t mask_ = 0;
  std::vector<KeptSample> kept_;
};

}  // namespace sekisho
