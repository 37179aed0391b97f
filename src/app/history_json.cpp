// The stored objects are put together as text: they are JSON already.
#include "app/history_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/time_words.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Error bad(std::string_view name, std::string_view expected) { return {fmt::format("'{}' must be {}", name, expected), ErrorKind::usage}; }

}  // namespace

std::string incidents_document(const std::vector<StoredIncident>& incidents) {
  std::string out = R"({"schema":1,"incidents":[)";
  for (const auto& i : incidents) out += (out.back() == '[' ? "" : ",") + i.json;
  return out + "]}";
}

std::string incident_document(const StoredIncident& incident, const std::vector<TimelineEntry>& timeline,
                              const std::vector<EvidenceRecord>& evidence) {
  Json changes = Json::array(), files = Json::array();
  for (const auto& t : timeline)
    changes.push_back({{"time", format_rfc3339(t.time)},
                       {"change", t.what},
                       {"severity", to_string(t.severity)},
                       {"label", t.label},
                       {"confidence", t.confidence},
                       {"peak_pps", t.peak_pps}});
  for (const auto& e : evidence)
    files.push_back({{"path", escape_hostile(e.path, 4096)},
                     {"sha256", e.sha256.empty() ? Json(nullptr) : Json(e.sha256)},
                     {"bytes", e.bytes},
                     {"packets", e.packets},
                     {"written", format_rfc3339(e.written)}});
  return fmt::format(R"({{"schema":1,"incident":{},"timeline":{},"evidence":{}}})", incident.json, dump(changes), dump(files));
}

Result<IncidentFilter> parse_incident_filter(const std::string& with) {
  const auto given = nlohmann::json::parse(with, nullptr, false);
  if (!given.is_object()) return bad("with", "an object");
  IncidentFilter filter;
  for (const auto& [name, value] : given.items()) {
    if (name == "since" || name == "until") {
      auto& into = name == "since" ? filter.since : filter.until;
      if (value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() < 9'000'000'000)
        into = value.get<std::int64_t>() * kSecond;
      else if (const auto time = value.is_string() ? parse_rfc3339(value.get_ref<const std::string&>()) : std::nullopt)
        into = *time;
      else
        return bad(name, "RFC 3339 or seconds since 1970");
    } else if (name == "kind" || name == "direction" || name == "label" || name == "subject" || name == "before") {
      if (!value.is_string()) return bad(name, "a text");
      auto& into = name == "kind"        ? filter.kind
                   : name == "direction" ? filter.direction
                   : name == "label"     ? filter.label
                   : name == "subject"   ? filter.subject
                                         : filter.before;
      into = value.get<std::string>();
    } else if (name == "severity") {
      if (!value.is_string() || !parse_severity(value.get_ref<const std::string&>(), filter.at_least))
        return bad(name, "info, low, medium, high or critical");
    } else if (name == "open") {
      if (!value.is_boolean()) return bad(name, "true or false");
      filter.open_only = value.get<bool>();
    } else if (name == "limit") {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 10'000) return bad(name, "a number up to 10000");
      filter.limit = value.get<std::size_t>();
    } else {
      return Error{fmt::format("there is no parameter '{}'", escape_hostile(name, 40)), ErrorKind::usage};
    }
  }
  return filter;
}

}  // namespace sekisho
