// The JSON of live views: a second, a change of an incident.
#pragma once
#include <string>

#include "app/sink.h"

namespace sekisho {

// The data of the events "second" and "incident" of docs/control.md.
std::string second_json(const LiveSecond& second);
std::string change_json(const IncidentNotice& notice);

}  // namespace sekisho
