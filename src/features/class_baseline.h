// ClassBaseline: what is normal for one traffic class of one row, and the threshold that follows (FACTS section 9; docs/baselines.md).
// Fed once a second by the thread that owns Features. 500 bytes, and 1.6 kB with the long anchor.
#pragma once
#include <array>
#include <cstdint>
#include <memory>

#include "features/long_anchor.h"
#include "model/baseline_view.h"

namespace sekisho {

// Long anchors cost memory and are kept for the rows of all hosts and for as many others as the budget allows: first come, first served.
struct AnchorBudget {
  std::size_t left = 1024;
  std::uint64_t refused = 0;  // classes that wanted one
};

struct ClassSecond {
  double pps = 0;         // of the class in the last second
  TimeNs now = 0;         // of the data, never backwards
  std::int64_t hour = 0;  // since 1970, UTC, by the data's own clock
  std::uint32_t row_seconds = 0;  // clean seconds that the row has learned, with or without this class
  bool frozen = false;    // the row is under attack, or was half a minute ago
  bool two_way = true;    // what came was answered as this class is in ordinary traffic
  bool answered = true;   // stricter: enough to believe half an hour of alarm was no attack
};

class ClassBaseline {
 public:
  // `budget`: nullptr for rows that always may have an anchor.
  void observe(const ClassSecond& second, AnchorBudget* budget);
  // A restored memory: `age` since it was saved. The last quarter of an hour says nothing about another hour.
  void resume(DurationNs age, std::int64_t hour);

  bool known() const { return ceiling_ > 0 || short_.samples() > 0; }
  bool fresh() const { return short_.samples() > 0; }  // knows the last quarter of an hour
  bool has_anchor() const { return anchor_ != nullptr; }
  bool anchored() const { return anchor_ && anchor_->mature(); }
  float normal_pps() const { return normal_; }
  float ceiling_pps() const { return ceiling_; }
  ThresholdRule rule() const { return rule_; }
  void describe(BaselineView& view, TimeNs now, std::int64_t hour) const;  // all but the row's and the floor's part

 private:
  friend class BaselineCodec;  // saves and restores
  static constexpr unsigned kBins = 6;  // of ten seconds: the minute whose mean the anchor is compared with
  void count_bin(const ClassSecond& second, bool clean, AnchorBudget* budget);
  void close_bin(const ClassSecond& second, AnchorBudget* budget);
  void follow_change(const ClassSecond& second);
  void learn(const ClassSecond& second);
  void wait(const ClassSecond& second);
  void settle_waiting(const ClassSecond& second);
  void forget_waiting();
  void summarize();                // median and spread, after the short memory changed
  void decide(std::int64_t hour);  // the threshold

  LogHistogram short_;  // clean seconds of about the last quarter of an hour
  float median_ = 0, sigma_ = 0, short_ceiling_ = 0;
  ThresholdRule short_rule_ = ThresholdRule::floor;

  float normal_ = 0, ceiling_ = 0;
  ThresholdRule rule_ = ThresholdRule::floor;

  std::array<float, kBins> bins_{};  // packets, by bin number modulo kBins
  std::int64_t bin_ = 0;
  std::uint8_t bin_clean_seconds_ = 0;
  bool bin_spoiled_ = false;
  float minute_pps_ = 0;
  float level_ = 0, cusum_ = 0;

  // Seconds above the ceiling wait here: accepted as the new normal, or thrown away.
  struct Waiting {
    LogHistogram seconds;
    TimeNs since = 0, last = 0;
    unsigned one_way = 0;
    bool alarmed = false;  // an attack was seen meanwhile
  };
  std::unique_ptr<Waiting> waiting_;
  std::unique_ptr<LongAnchor> anchor_;
};

}  // namespace sekisho
