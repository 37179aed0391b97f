// What changes something: acknowledgements, silences, blocks. The agent does it, decides whether the role may, and records who asked.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "web/api.h"

namespace sekisho {
namespace {

constexpr std::size_t kPreviewed = 20;  // addresses

// The agent's answer, or why there is none: what it refuses is the asker's mistake, anything else its own trouble.
HttpResponse asked(const Api& api, const Call& call, const char* verb, Json with) {
  if (!api.agent.running()) return error_response(503, "The agent is not running.", api.agent.message());
  with["by"] = call.visitor.name;
  const auto said = api.agent.ask(verb, dump(with), call.visitor.role);
  if (!said.ok()) return error_response(said.error().kind == ErrorKind::usage ? 400 : 503, escape_hostile(said.error().message, 300));
  auto document = Json::parse(said.value(), nullptr, false);
  return document.is_object() ? json_response(document) : error_response(503, "The agent's answer cannot be read.");
}

// The body of a request that changes something, or {} when there is none.
Result<Json> body_of(const Call& call) {
  if (call.request.body.empty()) return Json::object();
  auto body = Json::parse(call.request.body, nullptr, false);
  if (!body.is_object()) return Error{"The body is no JSON object.", ErrorKind::usage};
  return body;
}

HttpResponse with_body(const Api& api, const Call& call, const char* verb, std::initializer_list<const char*> keys) {
  auto body = body_of(call);
  if (!body.ok()) return error_response(400, body.error().message);
  Json with = Json::object();
  for (const auto* key : keys)
    if (const auto found = body->find(key); found != body->end() && !found->is_null()) with[key] = *found;
  return asked(api, call, verb, std::move(with));
}

// What would happen to the addresses of an incident if somebody blocked them, or if it happened by itself; nothing is changed.
HttpResponse preview(const Api& api, Call& call) {
  auto reader = call.worker.store();
  if (!reader.ok()) return store_failed(reader.error());
  const auto found = reader.value()->incident(call.parameters["id"]);
  if (!found.ok()) return store_failed(found.error());
  if (!found.value()) return error_response(404, "There is no such incident.", "It may be older than the history that is kept.");
  if (!api.agent.running()) return error_response(503, "The agent is not running.", api.agent.message());
  const auto incident = Json::parse(found.value()->json, nullptr, false);
  Json rows = Json::array();
  const auto peers = incident.is_object() && incident.contains("peers") ? incident["peers"].value("top", Json::array()) : Json::array();
  for (const auto& peer : peers) {
    const auto address = peer.is_object() ? peer.value("ip", std::string{}) : std::string{};
    if (rows.size() == kPreviewed || address.empty()) break;
    const auto said = api.agent.ask("block.why", dump({{"network", address}}), call.visitor.role);
    if (!said.ok()) return error_response(503, escape_hostile(said.error().message, 300));
    const auto why = Json::parse(said.value(), nullptr, false);
    if (!why.is_object()) return error_response(503, "The agent's answer cannot be read.");
    const auto judged = [&](const char* key) { return why.contains(key) && why[key].is_object() ? why[key] : Json::object(); };
    const auto by_hand = judged("by_hand"), proven = judged("proven"), unproven = judged("unproven");
    const bool blocked = why.contains("entry") && why["entry"].is_object() && why["entry"].value("suggested", Json(false)) == Json(false);
    rows.push_back({{"address", address},
                    {"network", why.value("network", address)},
                    {"blocked", blocked},
                    {"may_block", !blocked && by_hand.value("verdict", std::string{}) == "add"},
                    {"by_hand", by_hand.value("why", std::string{})},
                    {"with_proof", proven.value("why", std::string{})},
                    {"without_proof", unproven.value("why", std::string{})}});
  }
  const bool spoofed = incident.is_object() && incident.contains("peers") && incident["peers"].value("spoofed", Json(false)) == Json(true);
  Json document{{"schema", 1}, {"spoofed", spoofed}, {"rows", rows}};
  return rows_response(call, document, rows, "block-preview");
}

}  // namespace

void add_action_routes(Routes& routes, const Api& api) {
  routes.add("POST", "/api/v1/incidents/{id}/acknowledge", Role::operator_, [&api](Call& call) {
    return asked(api, call, "alert.ack", {{"id", call.parameters["id"]}});
  });
  routes.add("GET", "/api/v1/incidents/{id}/blocking", Role::viewer, [&api](Call& call) { return preview(api, call); });
  routes.add("GET", "/api/v1/silences", Role::viewer, [&api](Call& call) { return asked(api, call, "alert.silences", Json::object()); });
  routes.add("POST", "/api/v1/silences", Role::operator_, [&api](Call& call) {
    return with_body(api, call, "alert.silence", {"for_s", "kind", "direction", "label", "subject", "channel"});
  });
  routes.add("DELETE", "/api/v1/silences/{silence}", Role::operator_, [&api](Call& call) {
    return asked(api, call, "alert.unsilence", {{"id", call.parameters["silence"]}});
  });
  routes.add("POST", "/api/v1/blocks", Role::operator_, [&api](Call& call) {
    return with_body(api, call, "block.add", {"networks", "for_s", "reason"});
  });
  routes.add("POST", "/api/v1/blocks/remove", Role::operator_,
             [&api](Call& call) { return with_body(api, call, "block.del", {"networks"}); });
}

}  // namespace sekisho
