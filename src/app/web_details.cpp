// From the stored state to words for people: the same that the text report uses.
#include "app/web_details.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "app/incident_state.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

std::string_view standing_name(Standing standing) {
  switch (standing) {
    case Standing::taking_part: return "taking_part";
    case Standing::attacked: return "attacked";
    case Standing::guessed: return "guessed";
    case Standing::scanned: return "scanned";
    case Standing::noted: return "noted";
    case Standing::quiet: break;
  }
  return "quiet";
}

Json texts(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& text : list) out.push_back(escape_hostile(text, 2000));
  return out;
}

}  // namespace

std::string web_details(const StoredIncident& stored) {
  // A row without a state (written by another program) still has a name and a place.
  auto incident = parse_incident_state(stored.state).value_or(Incident{});
  if (incident.id.empty()) {
    incident.id = stored.id;
    if (const auto* label = find_label(stored.label)) incident.label = label->id, incident.kind = label->kind;
    if (stored.direction == "egress") incident.direction = Direction::egress;
  }
  return Json{{"title", title_of(incident)},
              {"short_id", short_id(incident)},
              {"standing", standing_name(standing_of(incident))},
              {"headline", escape_hostile(incident.headline, 2000)},
              {"normal_pps", std::isfinite(incident.normal_pps) ? std::round(incident.normal_pps * 10) / 10 : 0.0},
              {"peers_verdict", peers_verdict(incident)},
              {"reasons", texts(incident.evidence)},
              {"counter_reasons", texts(incident.counter_evidence)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> web_story(StoreReader& reader, const Network& network, TimeNs since, TimeNs until, const Ask& ask) {
  const auto story = TRY(tell_story(reader, network, {since, until}));
  return story_json(story, connections_of(network, ask)).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace sekisho
