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
  CaptureSettings capture;        // with the interfaces that are watched
  bool follow_addresses = false;  // nobody said what is local: it is whatever addresses this host has
  std::vector<Network> local;
  PipelineSettings pipeline;
  Retention retention;
  std::vector<std::string> notes;  // interfaces that are left out, and why
  std::string sentence;  // "Watching eth0 for 203.0.113.5."
};
Result<AgentPlan> plan_agent(const AgentOptions& options, const Config& config);

}  // namespace sekisho
