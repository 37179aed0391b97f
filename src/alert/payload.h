// The JSON that webhooks and programs get, and small parts that payloads share.
#pragma once
#include <string>

#include "alert/alert.h"

namespace sekisho {

// {"schema":1,"id","event","time","host","severity","subject","text","group","incidents","link","incident":{…} or null}
std::string alert_payload(const Alert& alert);
// The text that stands as JSON in `facts.json`, or "null" when it is none.
std::string alert_incident_json(const Alert& alert);
// info warning error critical, of those who know only these.
std::string_view four_levels(Severity severity);
bool begins_or_goes_on(AlertEvent event);  // opened, worse, update, reminder, test

}  // namespace sekisho
