// /api/v1/incidents: the list with its filters, and one incident with its timeline and evidence.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "web/api.h"

namespace sekisho {
namespace {

constexpr std::size_t kPage = 50, kMostRows = 1000;

Json located(const Api& api, Json incident) {
  if (!api.places.any() || !incident.contains("peers")) return incident;
  for (auto& peer : incident["peers"]["top"]) {
    const auto address = parse_address(peer.value("ip", std::string{}));
    if (!address) continue;
    const auto place = api.places.find(*address);
    if (place.asn) peer["asn"] = place.asn;
    if (!place.organization.empty()) peer["organization"] = place.organization;
    if (!place.country.empty()) peer["country"] = place.country;
  }
  return incident;
}

// One row of a table for each incident: what a spreadsheet wants.
Json flat(const Json& incident) {
  Json row;
  for (const auto* key : {"id", "kind", "direction", "label", "subject", "severity", "confidence", "started", "detected", "ended",
                          "peak_pps", "peak_bps", "packets", "bytes"})
    row[key] = incident.value(key, Json{});
  row["peers"] = incident.contains("peers") ? incident["peers"].value("distinct", Json{}) : Json{};
  row["explanation"] = incident.value("explanation", Json{});
  return row;
}

Result<IncidentFilter> filter_of(const Call& call) {
  IncidentFilter filter;
  const auto text = [&](const std::string& name, std::optional<std::string>& into) {
    if (const auto& given = call.query(name); !given.empty()) into = given;
  };
  const auto when = [&](const std::string& name, std::optional<TimeNs>& into) -> Result<void> {
    if (!call.query(name).empty()) into = TRY(time_of(call, name, 0));
    return {};
  };
  text("kind", filter.kind), text("direction", filter.direction), text("label", filter.label), text("subject", filter.subject);
  text("q", filter.contains), text("before", filter.before);
  TRY(when("since", filter.since));
  TRY(when("until", filter.until));
  if (const auto& severity = call.query("severity"); !severity.empty() && !parse_severity(severity, filter.at_least))
    return Error{"'severity' is info, low, medium, high or critical", ErrorKind::usage};
  filter.open_only = call.query("open") == "1" || call.query("open") == "true";
  filter.limit = TRY(number_of(call, "limit", kPage, 1, kMostRows));
  return filter;
}

HttpResponse list(const Api& api, Call& call) {
  auto filter = filter_of(call);
  if (!filter.ok()) return error_response(400, filter.error().message);
  const bool whole = !call.query("format").empty() && call.query("limit").empty();  // a file has all rows, not a page
  filter->limit = (whole ? kMostRows : filter->limit) + 1;
  auto reader = call.worker.store();
  if (!reader.ok()) {
    // Without a history the list is empty, and says why.
    return json_response({{"schema", 1}, {"incidents", Json::array()}, {"next", nullptr}, {"message", reader.error().message}});
  }
  auto found = reader.value()->incidents(*filter);
  if (!found.ok()) return store_failed(found.error());
  auto& incidents = *found;
  const bool more = incidents.size() == filter->limit;
  if (more) incidents.pop_back();
  Json rows = Json::array(), flat_rows = Json::array();
  const bool csv = call.query("format") == "csv";
  for (const auto& incident : incidents) {
    auto full = incident_with_details(api, incident);
    if (csv) flat_rows.push_back(flat(full));
    rows.push_back(std::move(full));
  }
  const Json next = more && !incidents.empty() ? Json(incidents.back().id) : Json(nullptr);
  return rows_response(call, {{"schema", 1}, {"incidents", std::move(rows)}, {"next", next}}, flat_rows, "incidents");
}

// What one sends to the provider: facts only, ready to be pasted into a ticket.
std::string upstream_text(const Json& incident) {
  const auto text = [&](const char* key) { return incident.value(key, std::string{}); };
  std::string out = fmt::format("Inbound {} against {}\n", incident.value("title", text("label")), text("subject"));
  out += fmt::format("Began:   {}\n{}", text("started"),
                     incident["ended"].is_string() ? fmt::format("Ended:   {}\n", text("ended")) : "It is still going on.\n");
  out +=
      fmt::format("Peak:    {}, {}\n", format_rate_pps(incident.value("peak_pps", 0.0)), format_rate_bps(incident.value("peak_bps", 0.0)));
  out += fmt::format("So far:  {} packets, {}\n", format_count(incident.value("packets", std::uint64_t{0})),
                     format_bytes(incident.value("bytes", std::uint64_t{0})));
  const auto ports = [&](const char* side) {
    std::string list;
    for (const auto& port : incident["ports"][side]) {
      if (list.size() > 60) break;
      list += (list.empty() ? "" : ", ") + std::to_string(port.value("port", 0));
    }
    return list;
  };
  if (const auto here = ports("local"); !here.empty()) out += fmt::format("To port: {}\n", here);
  if (const auto there = ports("remote"); !there.empty()) out += fmt::format("From port: {}\n", there);
  const auto& peers = incident["peers"];
  out += fmt::format("Sources: {} ({})\n", format_count(peers.value("distinct", std::uint64_t{0})),
                     incident.value("peers_verdict", peers.value("spoofed", false) ? "spoofed" : ""));
  std::size_t shown = 0;
  for (const auto& peer : peers["top"]) {
    if (++shown > 10) break;
    out += fmt::format("  {}  {} packets\n", peer.value("ip", std::string{}), format_count(peer.value("packets", std::uint64_t{0})));
  }
  out += fmt::format("\n{}\n\nPlease filter this traffic upstream. A packet capture can be sent.\n", text("explanation"));
  return out;
}

HttpResponse one(const Api& api, Call& call) {
  auto reader = call.worker.store();
  if (!reader.ok()) return store_failed(reader.error());
  auto found = reader.value()->incident(call.parameters["id"]);
  if (!found.ok()) return store_failed(found.error());
  if (!found.value()) return error_response(404, "There is no such incident.", "It may be older than the history that is kept.");
  const auto& stored = *found.value();
  auto timeline = reader.value()->timeline(stored.id);
  if (!timeline.ok()) return store_failed(timeline.error());
  auto files = evidence_files(*reader.value(), stored);
  if (!files.ok()) return store_failed(files.error());
  Json changes = Json::array(), evidence = Json::array();
  for (const auto& t : *timeline)
    changes.push_back({{"time", format_rfc3339(t.time)},
                       {"change", t.what},
                       {"severity", to_string(t.severity)},
                       {"label", t.label},
                       {"confidence", t.confidence},
                       {"peak_pps", t.peak_pps}});
  for (const auto& e : *files)
    evidence.push_back({{"path", escape_hostile(e.path, 4096)},
                        {"sha256", e.sha256.empty() ? Json(nullptr) : Json(e.sha256)},
                        {"bytes", e.bytes},
                        {"packets", e.packets},
                        {"written", format_rfc3339(e.written)}});
  const auto end = stored.ended.value_or(static_cast<TimeNs>(call.now_s) * kSecond);
  // The time around it, so that the rise stands out: a third of its length before and after, at least half a minute.
  const auto margin = std::max<TimeNs>(30 * kSecond, (end - stored.started) / 3);
  const auto incident = incident_with_details(api, stored);
  Json document{{"schema", 1}, {"incident", incident}, {"timeline", std::move(changes)}, {"evidence", std::move(evidence)}};
  document["upstream"] = upstream_text(incident);
  document["window"] = {{"from", (stored.started - margin) / kSecond},
                        {"to", std::min(end + margin, static_cast<TimeNs>(call.now_s) * kSecond) / kSecond}};
  return rows_response(call, document, Json::array({flat(incident)}), "incident-" + stored.id);
}

}  // namespace

Json incident_with_details(const Api& api, const StoredIncident& incident) {
  auto object = Json::parse(incident.json, nullptr, false);
  if (!object.is_object()) object = Json{{"id", incident.id}, {"kind", incident.kind}, {"label", incident.label}};
  const auto details = Json::parse(api.lent.details(incident), nullptr, false);
  if (details.is_object()) object.update(details);
  return located(api, std::move(object));
}

void add_incident_routes(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/incidents", Role::viewer, [&api](Call& call) { return list(api, call); });
  routes.add("GET", "/api/v1/incidents/{id}", Role::viewer, [&api](Call& call) { return one(api, call); });
}

}  // namespace sekisho
