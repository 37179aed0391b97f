// docs/control.md says what stands here.
#include "app/live_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "app/incident_json.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::isfinite(value) ? std::round(value * 10) / 10 : 0; }

Json side_json(const TrafficSide& side) {
  Json classes = Json::object();
  for (std::size_t c = 0; c < kTrafficClasses; ++c)
    if (side.classes[c].packets)
      classes[std::string{to_string(static_cast<TrafficClass>(c))}] = {{"packets", side.classes[c].packets},
                                                                       {"bytes", side.classes[c].bytes}};
  return {{"pps", side.packets},
          {"bps", side.bytes * 8},
          {"bytes_per_packet", side.packets ? rounded(static_cast<double>(side.bytes) / static_cast<double>(side.packets)) : 0.0},
          {"normal_pps", rounded(side.normal_pps)},
          {"threshold_pps", rounded(side.threshold_pps)},
          {"classes", std::move(classes)}};
}

}  // namespace

std::string second_json(const LiveSecond& second) {
  return Json{{"time", format_rfc3339(second.traffic.time)},
              {"ingress", side_json(second.traffic.sides[0])},
              {"egress", side_json(second.traffic.sides[1])},
              {"dropped", second.traffic.dropped},
              {"open_incidents", second.open_incidents}}
      .dump();
}

std::string change_json(const IncidentNotice& notice) {
  return Json{{"change", notice.what}, {"time", format_rfc3339(notice.time)}, {"incident", incident_json(*notice.incident)}}.dump();
}

}  // namespace sekisho
