// The views that are one table: the agent fills those of other rooms; columns say how a cell is to be shown.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "web/api.h"
#include "web/fleet.h"

namespace sekisho {
namespace {

constexpr std::size_t kRows = 200, kMostRows = 2000;

struct ColumnSpec {
  const char *key, *title, *kind;  // text code address time count bytes seconds severity incident link
};
struct TableSpec {
  const char* name;                 // the address, and the request to the agent
  std::vector<ColumnSpec> columns;  // unless the agent's answer names its own
};

const std::vector<TableSpec>& tables() {
  static const std::vector<TableSpec> all{
      {"hosts",
       {{"address", "Address", "code"},
        {"in_pps", "In, packets/s", "count"},
        {"out_pps", "Out, packets/s", "count"},
        {"note", "Note", "text"}}},
      {"connections",
       {{"process", "Process", "text"},
        {"pid", "Id", "code"},
        {"local", "Here", "code"},
        {"remote", "There", "code"},
        {"state", "State", "text"},
        {"bytes_in", "In", "bytes"},
        {"bytes_out", "Out", "bytes"},
        {"note", "Note", "text"}}},
      {"logs",
       {{"source", "Source", "address"},
        {"service", "Service", "text"},
        {"failures", "Failed", "count"},
        {"successes", "Succeeded", "count"},
        {"users", "Names tried", "text"},
        {"first", "First", "time"},
        {"last", "Last", "time"},
        {"note", "Verdict", "text"}}},
      {"blocks",
       {{"address", "Address", "address"},
        {"reason", "Why", "text"},
        {"incident", "Incident", "incident"},
        {"proof", "Proof", "text"},
        {"hits", "Hits", "count"},
        {"since", "Since", "time"},
        {"expires", "Until", "time"},
        {"state", "State", "text"}}},
      {"audit",
       {{"severity", "Severity", "severity"},
        {"check", "Check", "code"},
        {"what", "What", "text"},
        {"where", "Where", "code"},
        {"remedy", "Remedy", "text"}}},
  };
  return all;
}

Json columns_json(const std::vector<ColumnSpec>& columns) {
  Json list = Json::array();
  for (const auto& column : columns) list.push_back({{"key", column.key}, {"title", column.title}, {"kind", column.kind}});
  return list;
}

HttpResponse table(const Api& api, const TableSpec& spec, Call& call) {
  const auto limit = number_of(call, "limit", call.query("format").empty() ? kRows : kMostRows, 1, kMostRows);
  if (!limit.ok()) return error_response(400, limit.error().message);
  Json document{{"schema", 1},  {"columns", columns_json(spec.columns)}, {"rows", Json::array()}, {"next", nullptr}, {"available", false},
                {"message", ""}};
  const Json with{{"q", call.query("q")}, {"before", call.query("before")}, {"limit", limit.value()}};
  const auto said =
      api.agent.running() ? api.agent.ask(spec.name, dump(with), Role::viewer) : Result<std::string>{Error{api.agent.message()}};
  if (!said.ok()) {
    // An older agent, or one without this part.
    const bool unknown = said.error().message.starts_with("the agent does not know");
    document["message"] = unknown ? "The running agent does not tell this." : said.error().message;
  } else if (auto answer = Json::parse(said.value(), nullptr, false); answer.is_object()) {
    document["available"] = true;
    for (const auto* key : {"columns", "rows", "next", "empty", "message"})
      if (const auto found = answer.find(key); found != answer.end()) document[key] = std::move(*found);
    if (!document["rows"].is_array()) document["rows"] = Json::array();
  }
  const Json rows = document["rows"];
  return rows_response(call, document, rows, spec.name);
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

// The members of the fleet that match what was typed, worst first.
HttpResponse fleet_table(const Api& api, Call& call) {
  static const std::vector<ColumnSpec> columns{
      {"host", "Server", "link"},     {"state", "State", "text"},           {"what", "What", "text"},
      {"since", "Since", "time"},     {"in_pps", "In, packets/s", "count"}, {"out_pps", "Out, packets/s", "count"},
      {"incidents", "Open", "count"}, {"last_seen", "Last seen", "time"},   {"note", "Note", "text"},
      {"version", "Version", "text"}};
  const auto wanted = lower_case(call.query("q"));
  Json rows = Json::array();
  if (api.fleet)
    for (auto& row : api.fleet->rows())
      if (wanted.empty() || lower_case(dump(row)).find(wanted) != std::string::npos) rows.push_back(std::move(row));
  const bool any = api.fleet && api.fleet->any();
  return rows_response(call,
                       {{"schema", 1},
                        {"columns", columns_json(columns)},
                        {"rows", rows},
                        {"next", nullptr},
                        {"available", any},
                        {"message", any ? "" : "No other servers are listed in [web] fleet of the configuration."}},
                       rows, "fleet");
}

// Who changed what, newest first; the chain is verified by `sekisho audit-log verify`.
HttpResponse audit_log(Call& call) {
  const auto limit = number_of(call, "limit", call.query("format").empty() ? kRows : kMostRows, 1, kMostRows);
  if (!limit.ok()) return error_response(400, limit.error().message);
  const auto& q = call.query("q");
  Json rows = Json::array();
  Json next;
  std::string message;
  if (auto reader = call.worker.store(); reader.ok()) {
    auto facts = reader.value()->facts();
    if (!facts.ok()) return store_failed(facts.error());
    const auto before = number_of(call, "before", facts->audit_entries + 1, 1, ~0ULL >> 1);
    if (!before.ok()) return error_response(400, before.error().message);
    const auto after = before.value() > limit.value() + 1 ? before.value() - limit.value() - 1 : 0;
    auto entries = reader.value()->audit(after, limit.value());
    if (!entries.ok()) return store_failed(entries.error());
    std::reverse(entries->begin(), entries->end());
    for (const auto& entry : *entries) {
      if (entry.sequence >= before.value()) continue;
      if (!q.empty() && (entry.actor + " " + entry.action + " " + entry.detail).find(q) == std::string::npos) continue;
      rows.push_back({{"sequence", entry.sequence},
                      {"time", format_rfc3339(entry.time)},
                      {"actor", escape_hostile(entry.actor)},
                      {"action", escape_hostile(entry.action)},
                      {"detail", escape_hostile(entry.detail, 2000)},
                      {"hash", entry.hash}});
    }
    if (after > 0) next = std::to_string(after + 1);
  } else {
    message = reader.error().message;
  }
  static const std::vector<ColumnSpec> columns{{"time", "Time", "time"},
                                               {"actor", "Who", "text"},
                                               {"action", "What", "code"},
                                               {"detail", "On what", "text"},
                                               {"sequence", "No.", "count"}};
  return rows_response(call,
                       {{"schema", 1},
                        {"columns", columns_json(columns)},
                        {"rows", rows},
                        {"next", next},
                        {"available", message.empty()},
                        {"message", message}},
                       rows, "audit-log");
}

}  // namespace

void add_table_routes(Routes& routes, const Api& api) {
  for (const auto& spec : tables())
    routes.add("GET", std::string{"/api/v1/"} + spec.name, Role::viewer, [&api, &spec](Call& call) { return table(api, spec, call); });
  routes.add("GET", "/api/v1/fleet", Role::viewer, [&api](Call& call) { return fleet_table(api, call); });
  routes.add("GET", "/api/v1/audit-log", Role::viewer, [](Call& call) { return audit_log(call); });
}

}  // namespace sekisho
