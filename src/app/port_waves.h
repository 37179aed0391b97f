// PortWaves: waves of scans, from nothing but how often each port was tried. Pure.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "model/finding.h"

namespace sekisho {

// One thread. Counters only grow, or begin anew when the rules are installed again.
class PortWaves {
 public:
  struct Settings {
    std::uint64_t least = 30;          // SYNs of a minute below which nothing is a wave
    double times = 3;                  // above the median minute of the last hour
    std::size_t learned_minutes = 10;  // before these nothing is judged
  };
  PortWaves() = default;
  explicit PortWaves(Settings settings) : settings_(settings) {}

  using Counts = std::vector<std::pair<std::uint16_t, std::uint64_t>>;
  // What was new since the last call, by port. The first call only learns where the counters stand.
  Counts add(TimeNs now, const Counts& totals);
  // The wave that goes on in the open minute, said once for each ten seconds at most; nothing without one.
  std::optional<Finding> judge(TimeNs now);

 private:
  Settings settings_;
  std::map<std::uint16_t, std::uint64_t> totals_, minute_;  // as last read; new in the open minute
  std::deque<std::uint64_t> minutes_;                       // sums of the last hour
  std::optional<std::int64_t> open_;                        // the open minute
  bool started_ = false;
  std::uint64_t told_ = 0;
};

}  // namespace sekisho
