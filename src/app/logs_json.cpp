// The JSON document of `sekisho logs` (docs/schema/logs.schema.json).
#include <nlohmann/json.hpp>

#include "app/incident_json.h"
#include "app/logs_report.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Json time_json(TimeNs time) { return time ? Json(format_rfc3339(time)) : Json(nullptr); }

Json input_json(const LogsReport& r) {
  Json files = Json::array();
  for (const auto& i : r.inputs)
    files.push_back({{"name", escape_hostile(i.name, 1000)},
                     {"lines", i.stats.lines},
                     {"bytes", i.stats.bytes},
                     {"predecessors", i.stats.predecessors},
                     {"rotations", i.stats.rotations},
                     {"too_long", i.stats.too_long},
                     {"lost", i.stats.lost},
                     {"forged", i.stats.forged},
                     {"trouble", i.stats.trouble.empty() ? Json(nullptr) : Json(escape_hostile(i.stats.trouble, 1000))}});
  Json unreadable = Json::array();
  for (const auto& sentence : r.unreadable) unreadable.push_back(sentence);
  Json rules = Json::object();
  for (const auto& [rule, n] : r.tally.rules) rules[std::string{rule}] = n;
  const LogTally& t = r.tally;
  return {{"files", files},
          {"unreadable", unreadable},
          {"lines", t.lines},
          {"events", t.events},
          {"other", t.others},
          {"unknown", t.unknown},
          {"odd", t.odd},
          {"unnamed", t.unnamed},
          {"outside", t.outside},
          {"without_time", t.without_time},
          {"clock_set_back", t.clock_set_back},
          {"evictions", r.evictions},
          {"first", time_json(t.first)},
          {"last", time_json(t.last)},
          {"rules", rules},
          {"interrupted", r.interrupted}};
}

}  // namespace

std::string logs_json_text(const LogsReport& r) {
  Json logins = Json::array();
  for (const auto& f : r.logins)
    logins.push_back({{"service", to_string(f.service)},
                      {"source", to_string(f.source)},
                      {"failures", f.failures},
                      {"users", f.users},
                      {"successes", f.successes},
                      {"probes", f.probes},
                      {"peak_10min", f.peak_10min},
                      {"failures_before_success", f.worst_success},
                      {"decoy", f.honeypot},
                      {"first", time_json(f.first_seen)},
                      {"last", time_json(f.last_seen)},
                      {"looks_like", login_verdict(f)}});
  Json users = Json::array();
  for (const auto& u : r.users) users.push_back({{"service", to_string(u.service)}, {"name", escape_hostile(u.name, 200)}, {"failures", u.failures}});
  Json scans = Json::array();
  for (const auto& s : r.scans) {
    Json ports = Json::array();
    for (const auto& p : s.first_ports)
      if (p.lines) ports.push_back({{"port", p.port}, {"lines", p.lines}});
    scans.push_back({{"direction", to_string(s.direction)},
                     {"source", to_string(s.source)},
                     {"lines", s.lines},
                     {"syns", s.syns},
                     {"with_seq", s.with_seq},
                     {"fingerprint", s.fingerprint},
                     {"device_port_syns", s.device_port_syns},
                     {"ports", s.ports},
                     {"destinations", s.destinations},
                     {"first_ports", ports},
                     {"first", time_json(s.first_seen)},
                     {"last", time_json(s.last_seen)}});
  }
  Json incidents = Json::array();
  for (const auto& i : r.incidents) incidents.push_back(incident_json(i));
  const Json document{{"schema", 1},         {"input", input_json(r)},       {"logins", logins},          {"users", users},
                      {"distinct_users", r.distinct_users}, {"firewall", scans}, {"requests", r.requests}, {"incidents", incidents}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sekisho
