// From events to notices.
#include "app/incident_feed.h"

namespace sekisho {

IncidentNotice IncidentFeed::notice(IncidentChange change, std::string_view what, const Incident& incident, TimeNs now) {
  const auto known = open_.find(incident.id);
  if (known != open_.end()) floods_in_ -= known->second.flood_in;
  if (change == IncidentChange::closed) {
    if (known != open_.end()) open_.erase(known);
  } else {
    const bool flood_in = incident.kind == Kind::flood && incident.direction == Direction::ingress;
    open_[incident.id] = {incident.severity, incident.packets, flood_in};
    floods_in_ += flood_in;
  }
  return {change, what, now, std::make_shared<const Incident>(incident)};
}

IncidentNotice IncidentFeed::resume(const Incident& incident, TimeNs now) {
  return notice(IncidentChange::updated, "resumed", incident, now);
}

IncidentNotice IncidentFeed::on_event(const IncidentEvent& event, TimeNs now) {
  const auto known = open_.find(event.incident->id);
  std::string_view what = "opened";
  if (event.change == IncidentChange::closed)
    what = "closed";
  else if (known != open_.end())
    what = event.incident->severity > known->second.severity ? "worse" : "changed";
  else if (event.change == IncidentChange::updated)
    what = "reopened";
  return notice(event.change, what, *event.incident, now);
}

std::optional<IncidentNotice> IncidentFeed::progress(const Incident& incident, TimeNs now) {
  const auto known = open_.find(incident.id);
  if (known == open_.end() || known->second.packets == incident.packets) return std::nullopt;
  return notice(IncidentChange::updated, "progress", incident, now);
}

}  // namespace sekisho
