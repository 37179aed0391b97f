// The policy's memory as JSON: written after what it caused is in the spool, read at the start.
#include <nlohmann/json.hpp>

#include "alert/policy.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

std::string text_in(const Json& from, const char* name) {
  const auto at = from.find(name);
  return at != from.end() && at->is_string() ? at->get<std::string>() : std::string{};
}
template <class Number>
Number number_in(const Json& from, const char* name, Number otherwise = 0) {
  const auto at = from.find(name);
  return at != from.end() && at->is_number() ? at->get<Number>() : otherwise;
}
Severity severity_in(const Json& from) {
  Severity severity = Severity::info;
  parse_severity(text_in(from, "severity"), severity);
  return severity;
}
const Json& part_in(const Json& from, const char* name) {
  static const Json none = Json::object();
  const auto at = from.find(name);
  return at != from.end() && at->is_object() ? *at : none;
}

}  // namespace

std::string AlertPolicy::state() const {
  Json groups = Json::object(), meters = Json::object(), silences = Json::array();
  for (const auto& [id, g] : groups_) {
    Json members = Json::object(), told = Json::object();
    for (const auto& [incident, m] : g.members) members[incident] = {{"severity", to_string(m.severity)}, {"open", m.open}};
    for (const auto& [channel, t] : g.told)
      told[channel] = {{"severity", to_string(t.severity)}, {"last", t.last},         {"reminded", t.reminded},
                       {"incidents", t.incidents},          {"peak_pps", t.peak_pps}, {"label", t.label}};
    groups[id] = {{"key", g.key},
                  {"since", g.since},
                  {"last_opening", g.last_opening},
                  {"by", g.acknowledged_by},
                  {"alerts", g.alerts},
                  {"held", Json(std::vector<std::string>(g.held.begin(), g.held.end()))},
                  {"members", std::move(members)},
                  {"told", std::move(told)},
                  {"facts", Json::parse(alert_facts_json(g.facts), nullptr, false)}};
  }
  for (const auto& [channel, m] : meters_) {
    Json noise = Json::object();
    for (const auto& [label, count] : m.noise) noise[label] = count;
    meters[channel] = {{"hour", m.hour},
                       {"sent", m.sent},
                       {"held", m.held},
                       {"overflow_told", m.overflow_told},
                       {"digest_day", m.digest_day},
                       {"suppressed", m.suppressed},
                       {"noise", std::move(noise)}};
  }
  for (const auto& s : silences_)
    silences.push_back({{"id", s.id},
                        {"from", s.from},
                        {"until", s.until},
                        {"kind", s.kind},
                        {"direction", s.direction},
                        {"label", s.label},
                        {"subject", s.subject},
                        {"channel", s.channel},
                        {"by", s.by}});
  const Json out{{"schema", 1},
                 {"groups", std::move(groups)},
                 {"meters", std::move(meters)},
                 {"silences", std::move(silences)},
                 {"next_silence", next_silence_}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AlertPolicy::restore(std::string_view text, TimeNs now) {
  const auto state = Json::parse(text, nullptr, false);
  if (!state.is_object()) return;
  for (const auto& [id, from] : part_in(state, "groups").items()) {
    if (!from.is_object() || groups_.size() >= kMaxGroups) continue;
    Group g;
    g.id = id, g.key = text_in(from, "key"), g.since = number_in<TimeNs>(from, "since"),
    g.last_opening = number_in<TimeNs>(from, "last_opening");
    g.acknowledged_by = text_in(from, "by"), g.alerts = number_in<std::uint64_t>(from, "alerts");
    if (const auto held = from.find("held"); held != from.end() && held->is_array())
      for (const auto& channel : *held)
        if (channel.is_string()) g.held.insert(channel.get<std::string>());
    for (const auto& [incident, m] : part_in(from, "members").items()) {
      if (!m.is_object() || g.members.size() >= kMaxMembers) continue;
      const auto open = m.find("open");
      g.members[incident] = {severity_in(m), open == m.end() || !open->is_boolean() || open->get<bool>(), false};
    }
    for (const auto& [channel, t] : part_in(from, "told").items())
      if (t.is_object())
        g.told[channel] = {severity_in(t),
                           number_in<TimeNs>(t, "last"),
                           number_in<TimeNs>(t, "reminded"),
                           number_in<std::size_t>(t, "incidents"),
                           number_in<double>(t, "peak_pps"),
                           text_in(t, "label")};
    const auto facts = parse_alert_facts(part_in(from, "facts").dump(-1, ' ', false, Json::error_handler_t::replace));
    if (g.members.empty() || !facts.ok()) continue;
    g.facts = facts.value();
    for (const auto& [incident, m] : g.members) member_of_[incident] = id;
    groups_[id] = std::move(g);
  }
  for (const auto& [channel, from] : part_in(state, "meters").items()) {
    if (!from.is_object()) continue;
    auto& m = meters_[channel];
    m.hour = number_in<std::int64_t>(from, "hour", -1), m.sent = number_in<std::uint64_t>(from, "sent"),
    m.held = number_in<std::uint64_t>(from, "held");
    m.digest_day = number_in<std::int64_t>(from, "digest_day", -1), m.suppressed = number_in<std::uint64_t>(from, "suppressed");
    const auto told = from.find("overflow_told");
    m.overflow_told = told != from.end() && told->is_boolean() && told->get<bool>();
    for (const auto& [label, count] : part_in(from, "noise").items())
      if (count.is_number_unsigned()) m.noise[label] = count.get<std::uint64_t>();
  }
  if (const auto list = state.find("silences"); list != state.end() && list->is_array())
    for (const auto& s : *list)
      if (s.is_object() && silences_.size() < kMaxSilences)
        silences_.push_back({text_in(s, "id"), number_in<TimeNs>(s, "from"), number_in<TimeNs>(s, "until"), text_in(s, "kind"),
                             text_in(s, "direction"), text_in(s, "label"), text_in(s, "subject"), text_in(s, "channel"), text_in(s, "by")});
  next_silence_ = std::max<std::uint64_t>(1, number_in<std::uint64_t>(state, "next_silence", 1));
  restored_ = now;
}

}  // namespace sekisho
