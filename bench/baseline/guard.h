// Guard: our detector without packets: the baselines of the two directions of one host and the flood detectors behind them, as in the
// agent.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "detect/detector.h"
#include "features/row_baseline.h"
#include "traffic.h"

namespace sekisho::bench {

struct Verdicts {
  std::vector<std::string_view> attacks;  // labels of floods found in this step
  bool spike = false;                     // volume without evidence
  bool near = false;                      // a gate was open or nearly
};

class Guard {
 public:
  Guard();
  // One second that ends at `now`.
  struct Window {
    TimeNs now = 0;
    const Traffic& ordinary;
    const Traffic* attack = nullptr;  // scaled to what the window holds of it
    TimeNs attack_from = 0;           // when it began
  };
  Verdicts judge(const Window& window, DurationNs step, Random& random);
  bool near() const { return !samples_[0].empty() || !samples_[1].empty(); }  // a gate was open or nearly, in the last window
  // The same window, at the end of a whole second: the baselines learn.
  void learn(TimeNs now);

  std::vector<std::uint8_t> save(TimeNs now) const;
  void restore(const std::vector<std::uint8_t>& bytes, TimeNs now);  // and begins with detectors that know nothing

 private:
  void make_detectors();
  void fill(Second& second, const Way& ordinary, const Way* attack);
  TrafficClassSet near_gates(const Second& second) const;
  void sample(const Way& way, const Way& beside, const TrafficClassSet& wanted, TimeNs from, TimeNs to, Random& random,
              std::vector<Sample>& out) const;

  std::vector<std::unique_ptr<Detector>> detectors_;
  std::array<std::array<double, kTrafficClasses>, 2> floors_{};
  std::array<RowBaseline, 2> baselines_;
  std::array<Second, 2> seconds_;
  std::array<DistinctWindow, 2> distinct_;
  std::array<std::vector<Sample>, 2> samples_;
  std::vector<Finding> findings_;
  bool alarmed_ = false;
};

}  // namespace sekisho::bench
