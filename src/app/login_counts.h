// LoginCounts: what is new in the totals of the logs' sources, for the store.
#pragma once
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "model/log_step.h"
#include "store/store.h"

namespace sekisho {

// One thread. The facts are cumulative, and start anew when a source was pushed out of its table; only those are remembered that were there
// the last time, so memory is bounded by that table.
class LoginCounts {
 public:
  // Hands every fact to what it is given.
  using Facts = std::function<void(const std::function<void(const LoginFact&)>&)>;
  std::vector<LoginCount> take(const Facts& facts);

 private:
  struct Known {
    std::uint64_t failures = 0, successes = 0;
    TimeNs last = 0;
  };
  std::map<std::tuple<Network, LogService, bool>, Known> known_;  // the last: a decoy
};

}  // namespace sekisho
