// Runs: a week without attacks, and attacks on hosts that know that week.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "attack.h"
#include "guard.h"
#include "peers.h"
#include "profile.h"

namespace sekisho::bench {

constexpr std::size_t kDetectors = 1 + Peers::kCount;  // ours, then the peers
constexpr std::array<std::string_view, kDetectors> kDetectorNames{"sekisho", "p99 of 300 s x 3", "EWMA .3/.05 3x", "EWMA .3/.05 5x"};
constexpr std::array<double, 4> kFactors{2, 3, 5, 10};  // of the usual level or of the vector's floor, whichever is larger; 2: of the floor alone

struct Share {
  unsigned found = 0, of = 0;
  void count(bool hit) { found += hit, ++of; }
};

struct Results {
  double days = 0;
  std::array<double, kDetectors> false_alarms{};  // episodes in `days`
  double spikes = 0;                              // ours: spike_unclassified, severity low
  std::map<std::string, unsigned> false_labels;
  std::array<std::array<Share, kDetectors>, kFactors.size()> found{};
  std::array<std::array<std::vector<double>, kDetectors>, kFactors.size()> latency_s;
  std::array<Share, kDetectors> pulses{}, ramps{};
  std::array<std::vector<double>, kDetectors> ramp_times;  // the attack's rate when found, in usual levels
  std::map<std::string, unsigned> missed;                  // ours, by what
};

// Everything for one profile and seed, added to `results`.
void run_profile(Kind kind, std::uint64_t seed, Results& results);

}  // namespace sekisho::bench
