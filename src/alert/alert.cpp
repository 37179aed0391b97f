// Alerts to JSON and back.
#include "alert/alert.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::array<std::string_view, 9> kEvents{"opened",   "worse",  "update",   "reminder", "acknowledged",
                                                  "resolved", "digest", "overflow", "test"};
constexpr std::array<Kind, 7> kKinds{Kind::flood,     Kind::scan,        Kind::c2,      Kind::bruteforce,
                                     Kind::reflector, Kind::backscatter, Kind::exposure};

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json facts_object(const AlertFacts& f) {
  return {{"id", f.id},
          {"name", f.name},
          {"kind", to_string(f.kind)},
          {"direction", to_string(f.direction)},
          {"severity", to_string(f.severity)},
          {"label", f.label},
          {"what", f.what},
          {"subject", f.subject},
          {"verdict", f.verdict},
          {"size", f.size},
          {"when", f.when},
          {"target", f.target},
          {"who", f.who},
          {"process", f.process},
          {"advice", f.advice},
          {"evidence", f.evidence},
          {"techniques", f.techniques},
          {"taking_part", f.taking_part},
          {"from_logs", f.from_logs},
          {"started", f.started},
          {"ended", f.ended ? Json(*f.ended) : Json(nullptr)},
          {"peak_pps", f.peak_pps},
          {"peak_bps", f.peak_bps},
          {"normal_pps", f.normal_pps},
          {"packets", f.packets},
          {"peers", f.peers},
          {"confidence", f.confidence}};
}

// Reads members of the right type; all others keep what they have.
class Members {
 public:
  explicit Members(const Json& from) : from_(from) {}
  void read(const char* name, std::string& into) const {
    if (const auto* v = find(name); v && v->is_string()) into = v->get<std::string>();
  }
  void read(const char* name, bool& into) const {
    if (const auto* v = find(name); v && v->is_boolean()) into = v->get<bool>();
  }
  template <class Number>
  void read(const char* name, Number& into) const {
    if (const auto* v = find(name); v && v->is_number()) into = v->get<Number>();
  }
  void read(const char* name, std::vector<std::string>& into) const {
    const auto* v = find(name);
    if (!v || !v->is_array()) return;
    for (const auto& one : *v)
      if (one.is_string()) into.push_back(one.get<std::string>());
  }
  void read(const char* name, Severity& into) const {
    std::string text;
    read(name, text);
    parse_severity(text, into);
  }
  const Json* find(const char* name) const {
    const auto at = from_.find(name);
    return at == from_.end() ? nullptr : &*at;
  }

 private:
  const Json& from_;
};

AlertFacts facts_of(const Json& from) {
  AlertFacts f;
  const Members m{from};
  std::string kind, direction;
  m.read("kind", kind), m.read("direction", direction);
  for (const auto k : kKinds)
    if (kind == to_string(k)) f.kind = k;
  f.direction = direction == to_string(Direction::egress) ? Direction::egress : Direction::ingress;
  m.read("id", f.id), m.read("name", f.name), m.read("severity", f.severity), m.read("label", f.label), m.read("what", f.what);
  m.read("subject", f.subject), m.read("verdict", f.verdict), m.read("size", f.size), m.read("when", f.when), m.read("target", f.target);
  m.read("who", f.who), m.read("process", f.process), m.read("advice", f.advice), m.read("evidence", f.evidence);
  m.read("techniques", f.techniques), m.read("taking_part", f.taking_part), m.read("from_logs", f.from_logs);
  m.read("started", f.started), m.read("peak_pps", f.peak_pps), m.read("peak_bps", f.peak_bps), m.read("normal_pps", f.normal_pps);
  m.read("packets", f.packets), m.read("peers", f.peers), m.read("confidence", f.confidence);
  if (const auto* ended = m.find("ended"); ended && ended->is_number_integer()) f.ended = ended->get<TimeNs>();
  m.read("json", f.json), m.read("eve", f.eve);
  return f;
}

}  // namespace

std::string_view to_string(AlertEvent event) { return kEvents[static_cast<std::size_t>(event)]; }

std::string alert_facts_json(const AlertFacts& facts) { return dump(facts_object(facts)); }

Result<AlertFacts> parse_alert_facts(std::string_view text) {
  const auto parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object()) return Error{"no facts of an alert"};
  return facts_of(parsed);
}

std::string alert_json(const Alert& a) {
  Json facts = facts_object(a.facts), notes = Json::array();
  facts["json"] = a.facts.json, facts["eve"] = a.facts.eve;
  for (const auto& note : a.notes) notes.push_back({{"name", note.name}, {"text", note.text}});
  return dump({{"id", a.id},
               {"group", a.group},
               {"event", to_string(a.event)},
               {"time", a.time},
               {"host", a.host},
               {"link", a.link},
               {"former", to_string(a.former)},
               {"incidents", a.incidents},
               {"by", a.by},
               {"notes", std::move(notes)},
               {"facts", std::move(facts)}});
}

Result<Alert> parse_alert(std::string_view text) {
  const auto parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object()) return Error{"this is no alert"};
  const Members m{parsed};
  Alert a;
  std::string event;
  m.read("event", event);
  bool known = false;
  for (std::size_t i = 0; i < kEvents.size(); ++i)
    if (event == kEvents[i]) a.event = static_cast<AlertEvent>(i), known = true;
  m.read("id", a.id);
  if (!known || a.id.empty()) return Error{"this is no alert"};
  m.read("group", a.group), m.read("time", a.time), m.read("host", a.host), m.read("link", a.link), m.read("former", a.former);
  m.read("incidents", a.incidents), m.read("by", a.by);
  if (const auto* notes = m.find("notes"); notes && notes->is_array())
    for (const auto& one : *notes)
      if (one.is_object()) {
        AlertNote note;
        Members{one}.read("name", note.name), Members{one}.read("text", note.text);
        a.notes.push_back(std::move(note));
      }
  if (const auto* facts = m.find("facts"); facts && facts->is_object()) a.facts = facts_of(*facts);
  return a;
}

}  // namespace sekisho
