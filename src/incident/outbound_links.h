// OutboundLinks: what this host does to others and who commands it are told together. Pure.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "model/incident.h"

namespace sekisho {

// Sentences for the evidence of `incident`, an outbound flood or scan or a control connection: which of `others` belong to it, by host and
// time, at most four. A control connection counts when it was alive in the 15 minutes before the flood or scan, or while it lasts.
std::vector<std::string> outbound_links(const Incident& incident, std::span<const Incident* const> others);

}  // namespace sekisho
