// From the configuration to who is told what: rules of the policy, channels with their secrets.
#pragma once
#include <string>
#include <vector>

#include "alert/policy.h"
#include "app/config.h"

namespace sekisho {

struct AlertPlan {
  std::string dir;
  std::size_t max_waiting = 1000;
  AlertRules rules;
  std::vector<AlertChannel> channels;  // in the order of rules.routes
  // Channels whose secret cannot be read, and why: the others are used all the same.
  std::vector<std::pair<std::string, std::string>> unusable;
};
// Opens secret files: for the agent and for `sekisho alert`.
Result<AlertPlan> plan_alerts(const Config& config);
// Quiet hours and maintenance only, for the check of a file.
Result<AlertRules> alert_windows(const AlertSettings& settings);

}  // namespace sekisho
