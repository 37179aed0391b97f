// IncidentFeed: which changes of incidents are told, and in which word.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "app/sink.h"

namespace sekisho {

// The agent's thread.
class IncidentFeed {
 public:
  // An incident of the former run that goes on.
  IncidentNotice resume(const Incident& incident, TimeNs now);
  IncidentNotice on_event(const IncidentEvent& event, TimeNs now);
  // Numbers only; nothing when there are no new ones since the last notice of this incident.
  std::optional<IncidentNotice> progress(const Incident& incident, TimeNs now);
  std::size_t open() const { return open_.size(); }
  bool flooded() const { return floods_in_ > 0; }  // a flood comes in

 private:
  struct Told {
    Severity severity = Severity::info;
    std::uint64_t packets = 0;
    bool flood_in = false;
  };
  IncidentNotice notice(IncidentChange change, std::string_view what, const Incident& incident, TimeNs now);

  std::map<std::string, Told> open_;  // by id: as it was last told
  std::size_t floods_in_ = 0;
};

}  // namespace sekisho
