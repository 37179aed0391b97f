// Suricata EVE JSON lines: one alert an incident, one anomaly a malformed counter, one stats line at the end.
#pragma once
#include <string>
#include <string_view>

#include "app/analysis.h"

namespace sekisho {

std::string eve_lines(const Analysis& analysis);
std::string eve_alert(const Incident& incident);  // one line, without its newline

// Stable for a label and direction as long as the label keeps its name: in the range for local rules, 1,000,000-1,999,999.
constexpr int kEveGeneratorId = 480;
std::uint32_t eve_signature_id(std::string_view label, Direction direction);

}  // namespace sekisho
