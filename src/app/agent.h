// sekisho agent: watches this machine's interfaces and reports incidents as they happen.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/terminal.h"

namespace sekisho {

struct AgentOptions {
  std::vector<std::string> interfaces, local, publics;  // empty = the configuration's; there empty = found out
  std::optional<std::string> config, evidence;
  bool json = false;
  ColorChoice color = ColorChoice::automatic;
};

// Runs until SIGINT or SIGTERM. Exit status as run_analyze: 0 nothing at or above fail_on, 1 something, 2 wrong usage or configuration,
// 3 no permission, or an interface is gone.
int run_agent(const AgentOptions& options);

}  // namespace sekisho
