// An incident on one line, from its contract object.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "app/terminal.h"
#include "model/incident.h"

namespace sekisho {

// The few members of an Incident that title_of, short_id, standing_of and the like need (app/verdict.h), from its contract object.
Incident incident_names(const nlohmann::json& incident);

// "i-20261122-7K3F  ▲ HIGH  inbound SYN flood  2026-11-22 02:15:10  6 min 40 s  812 kpps  203.0.113.5"; with `change` it begins with the
// time and the change. Ends with a newline. Members that are missing or of another type are left blank.
std::string incident_line(const nlohmann::json& incident, const TextStyle& style, std::string_view change);

}  // namespace sekisho
