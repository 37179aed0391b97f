// What the agent's former run left in the store.
#pragma once
#include <string>
#include <vector>

#include "model/incident.h"

namespace sekisho {

// Incidents that are open, or so recently closed that they could be joined again; the newest first. What cannot be read is left out, with
// a warning in the log.
std::vector<Incident> former_incidents(const std::string& store_path);

}  // namespace sekisho
