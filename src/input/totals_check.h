// TotalsCheck: does what was handed over, weights applied, agree with exact counters? Looked at once a second.
#pragma once
#include <array>
#include <cstddef>

#include "input/source.h"

namespace sekisho {

class TotalsCheck {
 public:
  // Totals since the start, of one direction; `sampling`: 1 of so many. Once a second.
  void update(const LinkTotals& seen, const LinkTotals& exact, double sampling);
  // |seen - exact| / exact over the last three seconds, when that is more than chance and frames on their way explain; else 0.
  double disagreement() const { return disagreement_; }

 private:
  struct Reading {
    LinkTotals seen, exact;
    double sampling = 1;
  };
  static constexpr std::size_t kReadings = 4;
  std::array<Reading, kReadings> last_{};
  std::size_t count_ = 0;
  double disagreement_ = 0;
};

}  // namespace sekisho
