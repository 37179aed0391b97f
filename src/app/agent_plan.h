// AgentPlan: what the agent watches and for whom, decided from options, configuration and this machine.
#pragma once
#include <string>
#include <vector>

#include "app/agent.h"
#include "app/config.h"
#include "app/pipeline.h"
#include "store/store.h"

namespace sekisho {

struct AgentPlan {
  std::vector<std::string> interfaces;
  PipelineSettings pipeline;
  Retention retention;
  std::string sentence;  // "Watching eth0 for 203.0.113.5."
  std::string about;     // the same as JSON: mode, interfaces, local
};
Result<AgentPlan> plan_agent(const AgentOptions& options, const Config& config);

}  // namespace sekisho
