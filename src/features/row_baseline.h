// RowBaseline: what is normal for one local host (or all of one family) in one direction, class by class; stops learning under attack.
#pragma once
#include <array>
#include <memory>
#include <vector>

#include "features/class_baseline.h"
#include "model/second.h"

namespace sekisho {

struct RowSecond {
  TimeNs now = 0;         // of the data, never backwards
  std::int64_t hour = 0;  // since 1970, UTC, by the data's own clock
  Direction direction = Direction::ingress;
  const ClassCounts& counts;  // of the last second
  const Facts& facts;
  const ClassCounts* reverse = nullptr;  // the other direction
};

// Owned by Features' thread.
class RowBaseline {
 public:
  // Once a second while the row has packets. `budget`: nullptr for rows that always may have long anchors.
  void learn(const RowSecond& second, AnchorBudget* budget);
  // The verdict was "attack": nothing is learned until half a minute after the last such call.
  void freeze(TimeNs now) { frozen_until_ = now + 30 * kSecond; }
  // Restored: it was saved `age` ago; now it is `now`.
  void resume(DurationNs age, TimeNs now, std::int64_t hour);

  // Sets normal, ceiling, rule and learned_seconds; the rest of `second` stays.
  void fill(Second& second) const;
  // One view for each class that has a baseline; `common` has the row's part.
  void describe(const BaselineView& common, TimeNs now, std::int64_t hour, std::vector<BaselineView>& out) const;
  std::size_t anchors() const;  // how many it took from the budget
  bool empty() const { return learned_seconds_ == 0; }

 private:
  friend class BaselineCodec;  // saves and restores
  std::array<std::unique_ptr<ClassBaseline>, kTrafficClasses> classes_;
  TimeNs frozen_until_ = 0;
  DurationNs frozen_left_ = 0;  // restored, until resume()
  std::uint32_t learned_seconds_ = 0;
};

}  // namespace sekisho
