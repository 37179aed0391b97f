// Judges one command line of a job or start script: what a bot's persistence looks like.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "audit/check.h"

namespace sekisho {

struct Suspicion {
  AuditState state = AuditState::ok;  // ok, medium or high
  std::vector<std::string> reasons;   // "downloads and runs at once", "runs from a temporary folder"
};

// Comments and empty lines are never suspicious. Total; at most the first 4 KiB are looked at.
Suspicion suspicion_of(std::string_view command);

}  // namespace sekisho
