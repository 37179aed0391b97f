// The reply to an abuse desk's complaint about what this host sent: facts, ready to be pasted.
#pragma once
#include <string>
#include <vector>

#include "model/incident.h"

namespace sekisho {

// `actions`: what was done, one sentence each (containments); empty: the place for it is left open. Plain text, hostile text escaped.
std::string abuse_reply(const Incident& incident, const std::vector<std::string>& actions);

}  // namespace sekisho
