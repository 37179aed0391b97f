// Incident <-> JSON, member by member.
#include "app/incident_state.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "app/incident_json.h"

namespace sekisho {
namespace {

using nlohmann::json;

// Names with static storage: those of the table of labels, or kept here for good. Only the store's own texts come here.
std::string_view kept(const std::string& name) {
  constexpr std::size_t kMost = 1024;
  if (const Label* label = find_label(name)) return label->id;
  static std::set<std::string> others;
  if (others.size() >= kMost && !others.contains(name)) return "unknown";
  return *others.insert(name).first;
}

template <class Enum>
Enum parse_enum(const std::string& name, Enum last, Enum otherwise) {
  for (int i = 0; i <= static_cast<int>(last); ++i)
    if (to_string(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  return otherwise;
}

json ports_json(const std::vector<PortFact>& ports) {
  json list = json::array();
  for (const auto& p : ports) list.push_back({p.port, p.packets});
  return list;
}

json addresses_json(const std::vector<Address>& addresses) {
  json list = json::array();
  for (const auto& a : addresses) list.push_back(to_string(a));
  return list;
}

json selectors_json(const std::vector<Selector>& selectors) {
  json list = json::array();
  for (const auto& s : selectors) {
    json classes = json::array();
    for (std::size_t c = 0; c < kTrafficClasses; ++c)
      if (s.classes[c]) classes.push_back(to_string(static_cast<TrafficClass>(c)));
    list.push_back({{"direction", to_string(s.direction)},
                    {"locals", addresses_json(s.locals)},
                    {"remotes", addresses_json(s.remotes)},
                    {"classes", std::move(classes)},
                    {"local_ports", s.local_ports},
                    {"remote_ports", s.remote_ports},
                    {"both_ways", s.both_ways}});
  }
  return list;
}

// One member of an object, if it is there and has the right type.
template <class T>
void take(const json& from, const char* name, T& into) {
  const auto at = from.find(name);
  if (at == from.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (at->is_string()) into = at->get<std::string>();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (at->is_boolean()) into = at->get<bool>();
  } else {
    if (at->is_number()) into = at->get<T>();
  }
}

const json& list_of(const json& from, const char* name) {
  static const json none = json::array();
  const auto at = from.find(name);
  return at != from.end() && at->is_array() ? *at : none;
}

std::vector<PortFact> parse_ports(const json& list) {
  std::vector<PortFact> ports;
  for (const auto& p : list)
    if (p.is_array() && p.size() == 2 && p[0].is_number() && p[1].is_number())
      ports.push_back({p[0].get<std::uint16_t>(), p[1].get<std::uint64_t>()});
  return ports;
}

std::vector<Address> parse_addresses(const json& list) {
  std::vector<Address> addresses;
  for (const auto& a : list)
    if (a.is_string())
      if (const auto address = parse_address(a.get_ref<const std::string&>())) addresses.push_back(*address);
  return addresses;
}

std::vector<std::uint16_t> parse_numbers(const json& list) {
  std::vector<std::uint16_t> numbers;
  for (const auto& n : list)
    if (n.is_number_unsigned()) numbers.push_back(n.get<std::uint16_t>());
  return numbers;
}

std::vector<std::string> parse_texts(const json& list) {
  std::vector<std::string> texts;
  for (const auto& t : list)
    if (t.is_string()) texts.push_back(t.get<std::string>());
  return texts;
}

Selector parse_selector(const json& from) {
  Selector s;
  std::string direction;
  take(from, "direction", direction);
  s.direction = direction == "egress" ? Direction::egress : Direction::ingress;
  s.locals = parse_addresses(list_of(from, "locals")), s.remotes = parse_addresses(list_of(from, "remotes"));
  s.local_ports = parse_numbers(list_of(from, "local_ports")), s.remote_ports = parse_numbers(list_of(from, "remote_ports"));
  for (const auto& name : list_of(from, "classes"))
    for (std::size_t c = 0; c < kTrafficClasses; ++c)
      if (name.is_string() && to_string(static_cast<TrafficClass>(c)) == name.get_ref<const std::string&>()) s.classes.set(c);
  take(from, "both_ways", s.both_ways);
  return s;
}

}  // namespace

std::string incident_state(const Incident& i) {
  json labels = json::array(), peers = json::array(), rates = json::array();
  for (const auto& l : i.labels) labels.push_back({l.label, l.share});
  for (const auto& p : i.top_peers) peers.push_back({to_string(p.address), p.port, p.packets});
  for (const auto& r : i.rates) rates.push_back({r.time, std::llround(r.pps), std::llround(r.bps)});
  json state{{"id", i.id},
             {"kind", to_string(i.kind)},
             {"direction", to_string(i.direction)},
             {"label", i.label},
             {"labels", std::move(labels)},
             {"modifiers", i.modifiers},
             {"subject", i.subject},
             {"distinct_peers", i.distinct_peers},
             {"peers_spoofed", i.peers_spoofed},
             {"peers", std::move(peers)},
             {"local_ports", ports_json(i.local_ports)},
             {"remote_ports", ports_json(i.remote_ports)},
             {"started", i.started},
             {"detected", i.detected},
             {"peak_pps", i.peak_pps},
             {"peak_bps", i.peak_bps},
             {"normal_pps", i.normal_pps},
             {"packets", i.packets},
             {"bytes", i.bytes},
             {"confidence", i.confidence},
             {"severity", to_string(i.severity)},
             {"techniques", i.techniques},
             {"headline", i.headline},
             {"evidence", i.evidence},
             {"counter_evidence", i.counter_evidence},
             {"advice", i.advice},
             {"evidence_path", i.evidence_path},
             {"degraded", i.degraded},
             {"rates", std::move(rates)},
             {"selectors", selectors_json(i.selectors)},
             {"key", i.memory.key},
             {"last_finding", i.memory.last_finding},
             {"list_total", i.memory.list_total},
             {"bursts", i.memory.bursts}};
  if (i.ended) state["ended"] = *i.ended;
  if (i.capture) state["capture"] = {{"source", i.capture->source}, {"lost", i.capture->lost}, {"sampling", i.capture->sampling}};
  if (i.process)
    state["process"] = {{"pid", i.process->pid},         {"exe", i.process->exe},
                        {"unit", i.process->unit},       {"container", i.process->container},
                        {"command", i.process->command}, {"parents", i.process->parents},
                        {"started", i.process->started}, {"uid", i.process->uid},
                        {"deleted", i.process->deleted}};
  return state.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Incident> parse_incident_state(std::string_view text) {
  const json from = json::parse(text, nullptr, false);
  if (!from.is_object() || !from.contains("id")) return std::nullopt;
  Incident i;
  std::string kind, direction, label, severity;
  take(from, "id", i.id);
  take(from, "kind", kind), take(from, "direction", direction), take(from, "label", label), take(from, "severity", severity);
  i.kind = parse_enum(kind, Kind::exposure, Kind::exposure);
  i.direction = direction == "egress" ? Direction::egress : Direction::ingress;
  i.label = kept(label);
  parse_severity(severity, i.severity);
  for (const auto& l : list_of(from, "labels"))
    if (l.is_array() && l.size() == 2 && l[0].is_string() && l[1].is_number())
      i.labels.push_back({kept(l[0].get<std::string>()), l[1].get<double>()});
  for (const auto& m : list_of(from, "modifiers"))
    if (m.is_string()) i.modifiers.push_back(kept(m.get<std::string>()));
  take(from, "subject", i.subject);
  take(from, "distinct_peers", i.distinct_peers), take(from, "peers_spoofed", i.peers_spoofed);
  for (const auto& p : list_of(from, "peers"))
    if (p.is_array() && p.size() == 3 && p[0].is_string() && p[1].is_number() && p[2].is_number())
      if (const auto address = parse_address(p[0].get_ref<const std::string&>()))
        i.top_peers.push_back({*address, p[1].get<std::uint16_t>(), p[2].get<std::uint64_t>()});
  i.local_ports = parse_ports(list_of(from, "local_ports")), i.remote_ports = parse_ports(list_of(from, "remote_ports"));
  take(from, "started", i.started), take(from, "detected", i.detected);
  if (const auto ended = from.find("ended"); ended != from.end() && ended->is_number_integer()) i.ended = ended->get<TimeNs>();
  take(from, "peak_pps", i.peak_pps), take(from, "peak_bps", i.peak_bps), take(from, "normal_pps", i.normal_pps);
  take(from, "packets", i.packets), take(from, "bytes", i.bytes), take(from, "confidence", i.confidence);
  i.techniques = parse_texts(list_of(from, "techniques"));
  take(from, "headline", i.headline);
  i.evidence = parse_texts(list_of(from, "evidence")), i.counter_evidence = parse_texts(list_of(from, "counter_evidence"));
  take(from, "advice", i.advice), take(from, "evidence_path", i.evidence_path), take(from, "degraded", i.degraded);
  for (const auto& r : list_of(from, "rates"))
    if (r.is_array() && r.size() == 3 && r[0].is_number() && r[1].is_number() && r[2].is_number())
      i.rates.push_back({r[0].get<TimeNs>(), r[1].get<float>(), r[2].get<float>()});
  for (const auto& s : list_of(from, "selectors"))
    if (s.is_object()) i.selectors.push_back(parse_selector(s));
  take(from, "key", i.memory.key), take(from, "last_finding", i.memory.last_finding);
  take(from, "list_total", i.memory.list_total), take(from, "bursts", i.memory.bursts);
  if (const auto process = from.find("process"); process != from.end() && process->is_object()) {
    i.process.emplace();
    take(*process, "pid", i.process->pid), take(*process, "exe", i.process->exe), take(*process, "unit", i.process->unit);
    take(*process, "uid", i.process->uid), take(*process, "deleted", i.process->deleted);
    take(*process, "container", i.process->container), take(*process, "command", i.process->command);
    take(*process, "started", i.process->started);
    i.process->parents = parse_texts(list_of(*process, "parents"));
  }
  if (const auto capture = from.find("capture"); capture != from.end() && capture->is_object()) {
    i.capture.emplace();
    take(*capture, "source", i.capture->source), take(*capture, "lost", i.capture->lost), take(*capture, "sampling", i.capture->sampling);
  }
  return i;
}

StoredIncident stored_incident(const Incident& i, TimeNs now) {
  StoredIncident row;
  row.id = i.id, row.kind = to_string(i.kind), row.direction = to_string(i.direction), row.label = i.label;
  row.subject = i.subject.empty() ? "host" : i.subject;
  row.severity = i.severity, row.confidence = i.confidence;
  row.started = i.started, row.detected = i.detected, row.updated = now, row.ended = i.ended;
  row.peak_pps = i.peak_pps, row.peak_bps = i.peak_bps, row.packets = i.packets, row.bytes = i.bytes;
  row.json = incident_json(i).dump();
  row.state = incident_state(i);
  return row;
}

std::optional<TimelineEntry> timeline_entry(const IncidentNotice& notice) {
  if (notice.what == "progress") return std::nullopt;
  const Incident& i = *notice.incident;
  return TimelineEntry{notice.time, std::string{notice.what}, i.severity, std::string{i.label}, i.confidence, i.peak_pps};
}

}  // namespace sekisho
