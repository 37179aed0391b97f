// SampleFilter: sampling by the kernel for packet sockets, in classic BPF, which needs no capability.
#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "model/packet.h"

namespace sekisho {

// One of so many; powers of two.
struct SampleRates {
  std::uint32_t syn = 1;   // TCP with SYN: connections begin and floods of them show here
  std::uint32_t rest = 1;  // everything else
  bool operator==(const SampleRates&) const = default;
};

// TCP is taken by flow, whole connections or none, because a connection of which single packets are seen looks half-open; all else packet
// by packet. `secret` decides which flows. Empty where everything is taken.
std::vector<sock_filter> sample_filter(SampleRates rates, std::uint32_t secret);

// Is it what `SampleRates::syn` is about? As the filter sees it: IPv4 without fragments, IPv6 without extension headers.
bool is_sampled_as_syn(const Frame& frame);

// Which rates held when a frame was taken: frames of before a change are still in the ring.
class RateHistory {
 public:
  // From `since` on (wall clock).
  void change(SampleRates rates, TimeNs since);
  // Of this moment. Times must not go back by more than the ring holds.
  SampleRates at(TimeNs time) const;
  SampleRates now() const { return epochs_.back().rates; }

 private:
  struct Epoch {
    TimeNs since = 0;
    SampleRates rates;
  };
  static constexpr std::size_t kMostEpochs = 32;
  std::deque<Epoch> epochs_{Epoch{}};
};

// Rates that keep `seen_syn` and `seen_rest` packets a second below `allowed` frames a second. A kind with few packets stays whole.
SampleRates rates_for(double syn_pps, double rest_pps, double allowed_pps);

}  // namespace sekisho
