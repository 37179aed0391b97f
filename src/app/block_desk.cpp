// JSON in, the Blocker's word out.
#include "app/block_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/json_parts.h"
#include "app/time_words.h"
#include "app/who_asks.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kMostListed = 5000, kMostAsked = 1000;
constexpr std::int64_t kLongestS = 400LL * 86'400;

Error wrong(std::string message) { return {std::move(message), ErrorKind::usage}; }
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::int64_t whole_of(const Json& from, const char* key, std::int64_t otherwise) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

std::string_view name_of(BlockMode mode) { return mode == BlockMode::on ? "on" : mode == BlockMode::suggest ? "suggest" : "off"; }
std::string_view name_of(BlockVerdict verdict) {
  return verdict == BlockVerdict::add ? "add" : verdict == BlockVerdict::suggest ? "suggest" : "refuse";
}

Json entry_json(const BlockEntry& e, TimeNs now) {
  return {{"network", to_string(e.network)},
          {"suggested", e.suggested},
          {"proof", to_string(e.proof)},
          {"reason", escape_hostile(e.reason, 400)},
          {"incident", e.incident.empty() ? Json(nullptr) : Json(e.incident)},
          {"origin", escape_hostile(e.origin)},
          {"added", format_rfc3339(e.added)},
          {"expires", format_rfc3339(e.expires)},
          {"left_s", std::max<std::int64_t>((e.expires - now) / kSecond, 0)},
          {"offence", e.offence},
          {"hits", e.hits}};
}

Json never_json(const NeverBlock& never) {
  Json list = Json::array();
  for (const auto& e : never.entries()) list.push_back({{"network", to_string(e.network)}, {"why", to_string(e.kind)}});
  return list;
}

Json state_json(const BlockerState& s, TimeNs now) {
  Json refused = Json::object();
  for (std::size_t i = 1; i < s.counts.refused.size(); ++i)
    if (s.counts.refused[i]) refused[std::string{to_string(static_cast<BlockRefusal>(i))}] = s.counts.refused[i];
  return {{"mode", name_of(s.mode)},
          {"panic", s.panicked},
          {"trial_since", s.trial_since ? Json(*s.trial_since / kSecond) : Json(nullptr)},
          {"trial_left_s", s.trial_until ? Json(std::max<std::int64_t>((*s.trial_until - now) / kSecond, 0)) : Json(nullptr)},
          {"rolled_back", s.rolled_back},
          {"in_force", s.in_force},
          {"suggested", s.suggested},
          {"most", s.most},
          {"table", s.table_there},
          {"dropped_packets", s.drops.packets},
          {"dropped_bytes", s.drops.bytes},
          {"added", s.counts.added},
          {"suggestions", s.counts.suggested},
          {"removed", s.counts.removed},
          {"expired", s.counts.expired},
          {"evicted", s.counts.evicted},
          {"restored", s.counts.restored},
          {"refused", std::move(refused)},
          {"problem", s.problem.empty() ? Json(nullptr) : Json(s.problem)}};
}

struct Asked {
  Network network;
  bool exact = false;
};
Result<Asked> network_in(const Json& given) {
  const std::string text = given.is_string() ? given.get<std::string>() : given.is_object() ? raw_text_of(given, "network") : std::string{};
  const auto network = text.size() <= 64 ? parse_network(text) : std::nullopt;
  if (!network) return wrong(fmt::format("'{}' is no address or network; write 203.0.113.5 or 203.0.113.0/24", escape_hostile(text, 64)));
  const bool exact = text.find('/') != std::string::npos || (given.is_object() && given.value("exact", Json(false)) == Json(true));
  return Asked{*network, exact};
}

Result<std::string> list(const Blocker& blocker, const Json& with, TimeNs now) {
  std::optional<Network> after;
  if (const auto text = raw_text_of(with, "after"); !text.empty()) {
    const auto asked = TRY(network_in(Json(text)));
    after = asked.network;
  }
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(whole_of(with, "limit", 1000), 1, kMostListed));
  auto entries = blocker.entries(after, limit + 1);
  const bool more = entries.size() > limit;
  if (more) entries.pop_back();
  Json rows = Json::array();
  for (const auto& e : entries) rows.push_back(entry_json(e, now));
  Json out{{"schema", 1},
           {"state", state_json(blocker.state(), now)},
           {"never", never_json(blocker.never())},
           {"entries", std::move(rows)},
           {"next", more ? Json(to_string(entries.back().network)) : Json(nullptr)}};
  return dump(out);
}

Json judged(Blocker& blocker, const Asked& asked, BlockOrigin origin, Proof proof, TimeNs now) {
  Blocker::Evidence e;
  e.request.network = asked.network, e.request.exact = asked.exact;
  e.request.origin = origin, e.request.proof = proof, e.request.hits = 1'000'000;
  const auto d = blocker.judge(e, now);
  return {{"verdict", name_of(d.verdict)},
          {"refusal", d.refusal == BlockRefusal::none ? Json(nullptr) : Json(to_string(d.refusal))},
          {"why", d.why}};
}

Result<std::string> why(Blocker& blocker, const Json& with, TimeNs now) {
  const auto asked = TRY(network_in(with.contains("network") ? with["network"] : Json("")));
  const auto meant = meant_network(asked.network, asked.exact);
  const auto entry = blocker.covering(meant);
  const auto never = blocker.never();
  const auto* protection = never.overlapping(meant);
  const auto refusal = blocker.last_refusal(meant);
  Json out{{"schema", 1},
           {"network", to_string(meant)},
           {"entry", entry ? entry_json(*entry, now) : Json(nullptr)},
           {"never", protection ? Json{{"network", to_string(protection->network)}, {"why", to_string(protection->kind)}} : Json(nullptr)},
           {"by_hand", judged(blocker, asked, BlockOrigin::by_hand, Proof::by_hand, now)},
           {"proven", judged(blocker, asked, BlockOrigin::automatic, Proof::handshake, now)},
           {"unproven", judged(blocker, asked, BlockOrigin::automatic, Proof::syn, now)},
           {"last_refusal", refusal ? Json{{"time", format_rfc3339(refusal->first)},
                                           {"refusal", to_string(refusal->second.refusal)},
                                           {"why", refusal->second.why}}
                                    : Json(nullptr)}};
  return dump(out);
}

Result<std::string> add(Blocker& blocker, const Json& with, const BlockActor& actor) {
  const auto networks = with.find("networks");
  if (networks == with.end() || !networks->is_array() || networks->empty() || networks->size() > kMostAsked)
    return wrong(fmt::format("\"networks\" is a list of 1 to {} addresses or networks", kMostAsked));
  const auto seconds = [&](const Json& from, std::int64_t otherwise) {
    return std::clamp<std::int64_t>(whole_of(from, "for_s", otherwise), 0, kLongestS);
  };
  const auto all_s = seconds(with, 0);
  const auto reason = raw_text_of(with, "reason").substr(0, 200);
  const bool imported = raw_text_of(with, "origin") == "import";
  std::vector<Blocker::Evidence> requests;
  for (const auto& one : *networks) {
    const auto asked = TRY(network_in(one));
    auto& r = requests.emplace_back().request;
    r.network = asked.network, r.exact = asked.exact;
    r.proof = Proof::by_hand, r.origin = imported ? BlockOrigin::imported : BlockOrigin::by_hand;
    r.actor = imported ? "import, " + actor.who : actor.who;
    const auto one_reason = one.is_object() ? raw_text_of(one, "reason").substr(0, 200) : std::string{};
    r.reason = one_reason.empty() ? reason : one_reason;
    if (const auto s = one.is_object() ? seconds(one, all_s) : all_s; s > 0) r.duration = s * kSecond;
  }
  const auto decisions = TRY(blocker.request(requests, actor));
  Json results = Json::array();
  std::size_t added = 0, renewed = 0;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const auto& d = decisions[i];
    const bool done = d.verdict == BlockVerdict::add;
    added += done && !d.renews, renewed += done && d.renews;
    Json row{{"network", to_string(done ? d.entry.network : meant_network(requests[i].request.network, requests[i].request.exact))},
             {"verdict", name_of(d.verdict)},
             {"refusal", d.refusal == BlockRefusal::none ? Json(nullptr) : Json(to_string(d.refusal))},
             {"why", d.why}};
    if (done) row["expires"] = format_rfc3339(d.entry.expires);
    if (!done || decisions.size() <= 100) results.push_back(std::move(row));
  }
  return dump({{"schema", 1}, {"added", added}, {"renewed", renewed}, {"results", std::move(results)}});
}

Result<std::string> del(Blocker& blocker, const Json& with, const BlockActor& actor) {
  const auto networks = with.find("networks");
  if (networks == with.end() || !networks->is_array() || networks->size() > kMostAsked)
    return wrong(fmt::format("\"networks\" is a list of 1 to {} addresses or networks", kMostAsked));
  std::size_t removed = 0;
  Json covered = Json::array();
  for (const auto& one : *networks) {
    const auto asked = TRY(network_in(one));
    const auto meant = meant_network(asked.network, asked.exact);
    const auto count = TRY(blocker.remove(meant, actor));
    removed += count;
    // What is blocked as a part of something wider is not taken out by itself.
    if (const auto wider = count ? std::nullopt : blocker.covering(meant))
      covered.push_back({{"network", to_string(meant)}, {"by", to_string(wider->network)}});
  }
  return dump({{"schema", 1}, {"removed", removed}, {"covered", std::move(covered)}});
}

}  // namespace

BlockerSettings blocker_settings(const Config& config) {
  BlockerSettings s;
  const auto& r = config.response;
  s.rules.mode = r.mode == "on" ? BlockMode::on : r.mode == "off" ? BlockMode::off : BlockMode::suggest;
  s.rules.policy = r.policy == "article" ? BlockPolicy::article : BlockPolicy::proof;
  s.rules.fingerprint_for = r.fingerprint_for.count * kMillisecond;
  s.rules.adds_a_minute = static_cast<std::uint32_t>(r.adds_a_minute);
  s.rules.min_hits = static_cast<std::uint32_t>(r.min_hits);
  for (const auto& n : config.never) s.fixed.push_back({n, NeverKind::setting});
  for (const auto& n : config.local) s.fixed.push_back({n, NeverKind::self});
  for (const auto& a : config.publics) s.fixed.push_back({host_network(a), NeverKind::self});
  s.confirm_within = r.confirm_within.count * kMillisecond;
  s.forget_offences_after = r.forget_after.count * kMillisecond;
  s.restore_table = r.restore_table;
  return s;
}

Result<std::string> answer_block(Blocker& blocker, std::string_view verb, const std::string& with_text, const BlockActor& actor) {
  const auto with = Json::parse(with_text, nullptr, false);
  if (!with.is_object()) return wrong("the parameters are no JSON object");
  if (verb == "block.list") return list(blocker, with, actor.now);
  if (verb == "block.why") return why(blocker, with, actor.now);
  if (verb == "block.add") return add(blocker, with, actor);
  if (verb == "block.del") return del(blocker, with, actor);
  if (verb == "block.flush" || verb == "block.panic") {
    const auto removed = TRY(verb == "block.flush" ? blocker.flush(actor) : blocker.panic(actor));
    return dump({{"schema", 1}, {"removed", removed}});
  }
  if (verb == "block.resume") {
    TRY(blocker.resume_after_panic(actor));
    return dump({{"schema", 1}});
  }
  if (verb == "block.confirm") {
    TRY(blocker.confirm(actor));
    return dump({{"schema", 1}});
  }
  return wrong(fmt::format("there is no verb '{}'", escape_hostile(verb, 40)));
}

void add_block_verbs(ControlServer& server, Blocker& blocker, std::function<Result<void>()> settle) {
  for (const auto* verb : {"block.list", "block.why"})
    server.on(verb, Role::viewer, [&blocker, verb](const ControlRequest& r) {
      return answer_block(blocker, verb, r.with, {fmt::format("uid {}", r.uid), wall_clock()});
    });
  for (const auto* verb : {"block.add", "block.del", "block.flush", "block.panic", "block.resume", "block.confirm"})
    server.on(verb, Role::operator_, [&blocker, settle, verb](const ControlRequest& r) -> Result<std::string> {
      auto answer = TRY(answer_block(blocker, verb, r.with, {who_asks(r), wall_clock()}));
      // What was acknowledged outlives a crash; with "more", the request after this one waits for both.
      if (Json::parse(r.with, nullptr, false).value("more", Json(false)) == Json(true)) return answer;
      if (const auto stored = settle(); !stored.ok()) {
        auto with_problem = Json::parse(answer, nullptr, false);
        with_problem["not_stored"] = stored.error().message;
        answer = dump(with_problem);
      }
      return answer;
    });
}

std::string block_rows_json(const Blocker& blocker, std::size_t limit, const std::string& filter, TimeNs now) {
  Json rows = Json::array();
  for (const auto& e : blocker.entries(std::nullopt, limit)) {
    const auto network = to_string(e.network);
    if (!filter.empty() && network.find(filter) == std::string::npos && e.reason.find(filter) == std::string::npos) continue;
    if (e.expires <= now) continue;
    rows.push_back({{"address", network},
                    {"reason", escape_hostile(e.reason, 400)},
                    {"incident", e.incident.empty() ? Json(nullptr) : Json(e.incident)},
                    {"proof", to_string(e.proof)},
                    {"hits", e.hits},
                    {"since", format_rfc3339(e.added)},
                    {"expires", format_rfc3339(e.expires)},
                    {"state", e.suggested ? "suggested" : "blocked"}});
  }
  return dump(Json{{"schema", 1}, {"rows", std::move(rows)}, {"next", nullptr}, {"message", ""}});
}

std::string block_status_json(const Blocker& blocker, std::size_t early, std::size_t without_room) {
  auto json = state_json(blocker.state(), wall_clock());
  json["never"] = blocker.never().entries().size();
  json["early"] = early, json["early_without_room"] = without_room;
  return dump(json);
}

}  // namespace sekisho
