// What a screen shows of an incident beyond docs/incident.md.
#pragma once
#include <string>

#include "app/address_story_json.h"
#include "store/store.h"

namespace sekisho {

// A JSON object: title, short_id, standing, headline, normal_pps, peers_verdict, reasons, counter_reasons (docs/rest.md).
std::string web_details(const StoredIncident& incident);
// The story of an address (address_story_json.h) as text.
Result<std::string> web_story(StoreReader& reader, const Network& network, TimeNs since, TimeNs until, const Ask& ask);

}  // namespace sekisho
