// From the configuration to an audit: for the command and for the agent's daily run.
#pragma once
#include <string>

#include "app/config.h"
#include "audit/audit.h"

namespace sekisho {

// The options of [audit], and the host's packet filter when `root` is the running system. For the agent:
//   auto run = run_audit(audit_options(config, "/"));   // blocks for seconds: on a thread of its own; needs root to see everything
// with compare(), read_last_audit() and write_last_audit() of app/audit_history.h for what changed.
AuditOptions audit_options(const Config& config, const std::string& root);

}  // namespace sekisho
