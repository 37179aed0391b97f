// An incident as text and back, complete: what the store keeps beside the contract object, for text reports and for the agent's next start.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "app/sink.h"
#include "model/incident.h"
#include "store/store.h"

namespace sekisho {

std::string incident_state(const Incident& incident);
// Empty when the text is not one of ours. Members that are missing keep their defaults. Names of labels that this version does not know
// are kept (a bounded number of them).
std::optional<Incident> parse_incident_state(std::string_view text);

// The row of an incident.
StoredIncident stored_incident(const Incident& incident, TimeNs now);
// What the change adds to the timeline; nothing for mere progress.
std::optional<TimelineEntry> timeline_entry(const IncidentNotice& notice);

}  // namespace sekisho
