// JSON of incidents and analyses: the contract of docs/incident.md and docs/schema/analysis.schema.json. Stable key order; always valid
// UTF-8.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "app/analysis.h"

namespace sekisho {

nlohmann::ordered_json incident_json(const Incident& incident);
// {"schema":1,"input":{…},"incidents":[…]}: incidents in order of start, label and subject, so that equal input gives equal bytes (ids
// aside).
nlohmann::ordered_json analysis_json(const Analysis& analysis);
// The same as one document of text, ending in a newline.
std::string analysis_json_text(const Analysis& analysis);

}  // namespace sekisho
