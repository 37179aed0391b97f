// JSON of what the store keeps: the same objects for the command line, the control socket and the dashboard.
#pragma once
#include <string>
#include <vector>

#include "store/store.h"

namespace sekisho {

// {"schema":1,"incidents":[…]}: contract objects, newest first.
std::string incidents_document(const std::vector<StoredIncident>& incidents);
// {"schema":1,"incident":{…},"timeline":[…],"evidence":[…]}
std::string incident_document(const StoredIncident& incident, const std::vector<TimelineEntry>& timeline,
                              const std::vector<EvidenceRecord>& evidence);

// The filter that a request's parameters ask for: since, until (RFC 3339 or unix seconds), kind, direction, label, subject, severity, open,
// before, limit. `with` is a JSON object as text. The error names the parameter.
Result<IncidentFilter> parse_incident_filter(const std::string& with);

}  // namespace sekisho
