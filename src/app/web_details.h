// What a screen shows of an incident beyond docs/incident.md.
#pragma once
#include <string>

#include "store/store.h"

namespace sekisho {

// A JSON object: title, short_id, standing, headline, normal_pps, peers_verdict, reasons, counter_reasons (docs/rest.md).
std::string web_details(const StoredIncident& incident);

}  // namespace sekisho
