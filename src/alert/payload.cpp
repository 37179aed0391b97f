// Writes the payload; the incident's object is checked to be JSON before it is put in.
#include "alert/payload.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alert/message.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string alert_incident_json(const Alert& alert) {
  const auto parsed = Json::parse(alert.facts.json, nullptr, false);
  return parsed.is_object() ? parsed.dump(-1, ' ', false, Json::error_handler_t::replace) : "null";
}

std::string alert_payload(const Alert& alert) {
  const auto message = alert_message(alert);
  Json notes = Json::array();
  for (const auto& note : alert.notes) notes.push_back({{"name", note.name}, {"text", note.text}});
  const Json out{{"schema", 1},
                 {"id", alert.id},
                 {"event", to_string(alert.event)},
                 {"time", format_rfc3339(alert.time)},
                 {"host", alert.host},
                 {"severity", to_string(alert.facts.severity)},
                 {"subject", message.subject},
                 {"text", plain_text(message)},
                 {"group", alert.group},
                 {"incidents", alert.incidents},
                 {"by", alert.by.empty() ? Json(nullptr) : Json(alert.by)},
                 {"link", message.link.empty() ? Json(nullptr) : Json(message.link)},
                 {"notes", std::move(notes)},
                 {"incident", Json::parse(alert_incident_json(alert), nullptr, false)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view four_levels(Severity severity) {
  switch (severity) {
    case Severity::critical: return "critical";
    case Severity::high: return "error";
    case Severity::medium: return "warning";
    default: return "info";
  }
}

bool begins_or_goes_on(AlertEvent event) {
  return event == AlertEvent::opened || event == AlertEvent::worse || event == AlertEvent::update || event == AlertEvent::reminder ||
         event == AlertEvent::test;
}

}  // namespace sekisho
