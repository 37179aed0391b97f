// An incident in the words of an alert.
#pragma once
#include "alert/alert.h"
#include "model/incident.h"

namespace sekisho {

AlertFacts alert_facts(const Incident& incident);
// For `sekisho alert test`: an attack that never was, from addresses of the documentation ranges.
AlertFacts example_alert_facts(TimeNs now);

}  // namespace sekisho
