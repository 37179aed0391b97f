// FloodVector: the two gates of flood detection. Volume above the threshold is necessary, evidence decides (FACTS section 10).
// Each vector is one file that declares its traffic classes, floors and how it judges; it registers itself as a detector.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "detect/detector.h"
#include "detect/evidence.h"

namespace sekisho {

// One row whose volume gate is open.
struct FloodGate {
  const Second& second;
  double pps = 0, bps = 0;  // of the vector's classes within the window
  double share = 0;         // of the row's excess over normal
  double threshold_pps = 0;
  double floor_pps = 0;  // half of it while the flood goes on
  bool egress = false;
  bool one_way_capture = false;  // the other direction of this host was never seen: answers cannot be judged
};

// What a vector's judge sees.
struct FloodCase : FloodGate {
  const SampleStats& stats;  // of the vector's classes
};

// A cheap no, before the samples are looked at: most gates that ordinary traffic opens end here.
using FloodApplies = bool (*)(const FloodGate&);
// Returns the label (static storage), or empty when the vector has nothing to say after all.
using FloodJudge = std::string_view (*)(const FloodCase&, Evidence&);

struct FloodVectorSpec {
  std::string_view name;  // the detector's name and [detect.NAME]
  std::string_view help;
  std::vector<TrafficClass> classes;
  double floor_pps = 0;            // ingress, packets/s: less is never a flood
  double floor_mbps = 0;           // or so many megabits/s; 0 = packets alone count
  double egress_floor_pps = 0;     // 0 = the same as ingress
  FloodApplies applies = nullptr;  // null = always
  FloodJudge judge = nullptr;
};

struct FloodSettings {
  double floor_pps = 0, floor_mbps = 0, egress_floor_pps = 0;
  bool enabled = true;
};

class FloodVector final : public Detector {
 public:
  FloodVector(FloodVectorSpec spec, FloodSettings settings);
  void on_step(const Step& step, std::vector<Finding>& out) override;
  double floor_pps(TrafficClass c, Direction direction) const override;

 private:
  struct State {
    bool active = false;
    TimeNs since = 0;       // first packet of the burst
    TimeNs next_full = 0;   // when the texts are made anew
    TimeNs gate_since = 0;  // end of the first step in which the volume gate was open
    double peak_points = 0;
    Finding text;  // the last full finding
  };
  void judge_row(const Second& second, const Step& step, State& state, std::vector<Finding>& out);
  bool is_silent(const Step& step) const;
  bool opens_gate(const Second& second) const;
  bool is_carpet(const Second& second) const;

  FloodVectorSpec spec_;
  FloodSettings settings_;
  TrafficClassSet classes_;
  std::map<std::pair<std::uint32_t, Address>, State> states_;  // by (direction, family and all; address)
};

DetectorSpec flood_vector(FloodVectorSpec spec);

// Evidence that several vectors share.
void judge_tool(const FloodCase& c, Evidence& e);        // payloads and sizes that only tools make
void judge_refusals(const FloodCase& c, Evidence& e);    // closed ports
void judge_one_target(const FloodCase& c, Evidence& e);  // egress: everything goes to one address
bool looks_like_port_scan(const FloodCase& c);           // few sources, as many ports as packets, below 5,000/s

}  // namespace sekisho
