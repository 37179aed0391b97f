// The parts "store" and "control" of AgentStatus.
#pragma once
#include <string>
#include <vector>

#include "app/agent_status.h"
#include "app/store_sink.h"
#include "control/server.h"

namespace sekisho {

std::string store_json(const StoreHealth& health);
std::vector<HealthLine> store_problems(const StoreHealth& health);
std::string control_json(const ControlStats& stats);

}  // namespace sekisho
