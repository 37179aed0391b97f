// SampleBuffer: a bounded sample of the packets of one step, the same whatever the number of shards. SampleWindow: those of the last steps.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "features/tally.h"
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

// The samples of the window's steps in one piece, oldest first. Old ones are moved out of the way now and then, not step by step.
class SampleWindow {
 public:
  // Begins a step; forgets those that left the window.
  void open(std::uint64_t step) {
    for (auto& part : parts_)
      if (part.samples != 0 && part.step + kStepsPerWindow <= step) begin_ += part.samples, part.samples = 0;
    if (begin_ > samples_.size() / 2) {
      samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
    part_ = &parts_[step % kStepsPerWindow];
    *part_ = {step, 0};
  }
  void add(const Sample& sample, float weight) {
    samples_.push_back(sample);
    samples_.back().weight *= weight;
    ++part_->samples;
  }
  std::span<const Sample> samples() const { return std::span{samples_}.subspan(begin_); }

 private:
  struct Part {
    std::uint64_t step = 0;
    std::size_t samples = 0;
  };
  std::vector<Sample> samples_;
  std::size_t begin_ = 0;
  std::array<Part, kStepsPerWindow> parts_{};
  Part* part_ = nullptr;
};

class SampleBuffer {
 public:
  static std::uint64_t mix(std::uint64_t index) { return (index + 1) * 0x9e3779b97f4a7c15ULL >> 20; }
  bool wants(std::uint64_t mixed) const { return (mixed & mask_) == 0; }
  // Where the sample of a wanted packet is to be written, all of it; nullptr when it turns out that there are too many of its kind.
  Sample* keep(std::uint64_t mixed, std::uint64_t index) {
    while (size_ == kept_.size()) thin(mask_ << 1 | 1);
    if (!wants(mixed)) return nullptr;
    KeptSample& k = kept_[size_++];
    k.mixed_index = mixed, k.index = index;
    return &k.sample;
  }
  void start_step(std::uint64_t mask) { mask_ = mask, size_ = 0; }

  // Joins the shards' buffers of one stratum, in order of time (index); returns the mask that the next step begins with.
  static std::uint64_t join(const std::vector<SampleBuffer*>& parts, SampleWindow& out) {
    std::uint64_t mask = 0;
    for (const auto* part : parts) mask = std::max(mask, part->mask_);
    std::size_t kept = 0;
    for (auto* part : parts) kept += part->thin(mask);
    while (kept > kSamplesPerStep) {
      mask = mask << 1 | 1;
      kept = 0;
      for (auto* part : parts) kept += part->thin(mask);
    }
    // A finer one is tried again only when it may fit: what it would keep is thrown away otherwise.
    const auto next_mask = kept * 2 > kSamplesPerStep ? mask : mask >> 1;
    const auto weight = static_cast<float>(mask + 1);
    std::array<std::size_t, kMostParts> next{};
    for (; kept > 0; --kept) {  // each is in order already
      std::size_t first = parts.size();
      for (std::size_t i = 0; i < parts.size(); ++i)
        if (next[i] < parts[i]->size_ && (first == parts.size() || parts[i]->kept_[next[i]].index < parts[first]->kept_[next[first]].index))
          first = i;
      out.add(parts[first]->kept_[next[first]++].sample, weight);
    }
    return next_mask;
  }

 private:
  static constexpr std::size_t kMostParts = 16;
  std::size_t thin(std::uint64_t mask) {
    if (mask != mask_) {
      const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(size_);
      size_ = static_cast<std::size_t>(std::remove_if(kept_.begin(), end, [mask](const auto& k) { return (k.mixed_index & mask) != 0; }) -
                                       kept_.begin());
    }
    mask_ = mask;
    return size_;
  }
  std::uint64_t mask_ = 0;
  std::size_t size_ = 0;
  std::vector<KeptSample> kept_ = std::vector<KeptSample>(4 * kSamplesPerStep);
};

}  // namespace sekisho
