// Incident and Analysis -> JSON.
#include "app/incident_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

// Hostile text (file names, busybox tags, paths) is escaped before it enters JSON: always valid UTF-8, no control characters, no
// bidirectional marks. Long enough for every text of ours.
std::string safe(std::string_view text) { return escape_hostile(text, 8192); }

// Rounded so that a rate computed in another order of additions prints the same.
double rounded(double value, double steps) { return std::isfinite(value) ? std::round(value * steps) / steps : 0.0; }

Json peers_json(const Incident& incident) {
  Json top = Json::array();
  for (const auto& peer : incident.top_peers) {
    Json entry{{"ip", to_string(peer.address)}};
    if (peer.port != 0) entry["port"] = peer.port;
    entry["packets"] = peer.packets;
    top.push_back(std::move(entry));
  }
  return {{"distinct", incident.distinct_peers}, {"spoofed", incident.peers_spoofed}, {"top", std::move(top)}};
}

Json ports_json(const std::vector<PortFact>& ports) {
  Json list = Json::array();
  for (const auto& port : ports) list.push_back({{"port", port.port}, {"packets", port.packets}});
  return list;
}

Json capture_json(const std::optional<CaptureState>& capture) {
  if (!capture) return nullptr;
  return {{"source", capture->source}, {"lost", capture->lost}, {"sampling", capture->sampling}};
}

Json labels_json(const std::vector<LabelShare>& labels) {
  Json list = Json::array();
  for (const auto& label : labels) list.push_back({{"label", safe(label.label)}, {"share", rounded(label.share, 1e4)}});
  return list;
}

template <class Texts>
Json texts_json(const Texts& texts) {
  Json list = Json::array();
  for (const auto& text : texts) list.push_back(safe(text));
  return list;
}

Json time_json(const std::optional<TimeNs>& time) { return time ? Json(format_rfc3339(*time)) : Json(nullptr); }

Json process_json(const std::optional<ProcessFact>& process) {
  if (!process) return nullptr;
  return {{"pid", process->pid},
          {"exe", safe(process->exe)},
          {"unit", process->unit.empty() ? Json(nullptr) : Json(safe(process->unit))},
          {"container", process->container.empty() ? Json(nullptr) : Json(safe(process->container))},
          {"uid", process->uid < 0 ? Json(nullptr) : Json(process->uid)},
          {"command", safe(process->command)},
          {"parents", texts_json(process->parents)},
          {"started", process->started ? Json(format_rfc3339(process->started)) : Json(nullptr)},
          {"deleted", process->deleted}};
}

Json malformed_json(const Input& input) {
  Json counters = Json::object();
  for (std::size_t i = 1; i < input.malformed.size(); ++i) counters[std::string{to_string(static_cast<Malformed>(i))}] = input.malformed[i];
  return counters;
}

Json classes_json(const ClassCounts& counts) {
  Json classes = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i].packets)
      classes[std::string{to_string(static_cast<TrafficClass>(i))}] = {{"packets", counts[i].packets}, {"bytes", counts[i].bytes}};
  return classes;
}

double share(std::uint64_t part, std::uint64_t whole) { return whole ? rounded(double(part) / double(whole), 1e4) : 0; }

Json background_json(const Background& background) {
  std::uint64_t packets = 0, bytes = 0;
  for (const auto& count : background.ingress) packets += count.packets, bytes += count.bytes;
  Json top = Json::array(), article = Json::array();
  for (const auto& port : background.top_ports) top.push_back({{"port", port.port}, {"syns", port.syns}});
  for (std::size_t i = 0; i < kArticlePorts.size(); ++i)
    article.push_back({{"port", kArticlePorts[i]}, {"syns", background.article_port_syns[i]}});
  return {{"scan_sources", background.sources},
          {"scan_syns", background.syns},
          {"fingerprint_syns", background.fingerprint_syns},
          {"fingerprint_sources", background.fingerprint_sources},
          {"top_ports", std::move(top)},
          {"article_ports", std::move(article)},
          {"tcp_packets", background.tcp_packets},
          {"syn_packets", background.syn_packets},
          {"syn_share", share(background.syn_packets, background.tcp_packets)},
          {"bytes_per_packet", packets ? rounded(double(bytes) / double(packets), 10) : 0.0},
          {"high_source_port_share", share(background.high_source_ports, background.ports_seen)},
          {"ingress", classes_json(background.ingress)},
          {"egress", classes_json(background.egress)}};
}

Json input_json(const Analysis& analysis) {
  const Input& input = analysis.input;
  Json files = Json::array(), damage = Json::array(), networks = Json::array();
  for (const auto& file : input.files)
    files.push_back({{"file", safe(file.file)}, {"format", safe(file.format)}, {"packets", file.packets}, {"bytes", file.bytes}});
  for (const auto& spot : input.damage)
    damage.push_back({{"file", safe(spot.file)}, {"byte", spot.byte}, {"packet", spot.packet}, {"what", safe(spot.what)}});
  for (const auto& network : analysis.local.networks) networks.push_back(to_string(network));
  const DurationNs duration = input.first && input.last ? *input.last - *input.first : 0;
  return {{"files", std::move(files)},
          {"packets", input.packets},
          {"bytes", input.bytes},
          {"first", time_json(input.first)},
          {"last", time_json(input.last)},
          {"duration_s", rounded(double(duration) / double(kSecond), 1e6)},
          {"malformed", malformed_json(input)},
          {"local", {{"networks", std::move(networks)}, {"given", analysis.local.given}, {"reason", safe(analysis.local.reason)}}},
          {"truncated", input.truncated_packets},
          {"backward_steps", input.backward_steps},
          {"forward_jumps", input.forward_jumps},
          {"unknown_blocks", input.unknown_blocks},
          {"late_files", input.late_files},
          {"damage_not_listed", input.damage_not_listed},
          {"damage", std::move(damage)},
          {"skipped", texts_json(input.skipped)},
          {"interrupted", analysis.interrupted},
          {"background", background_json(analysis.background)}};
}

}  // namespace

Json incident_json(const Incident& incident) {
  return {{"id", safe(incident.id)},
          {"kind", to_string(incident.kind)},
          {"direction", to_string(incident.direction)},
          {"label", safe(incident.label)},
          {"labels", labels_json(incident.labels)},
          {"modifiers", texts_json(incident.modifiers)},
          {"subject", incident.subject.empty() ? std::string{"host"} : safe(incident.subject)},
          {"peers", peers_json(incident)},
          {"ports", {{"local", ports_json(incident.local_ports)}, {"remote", ports_json(incident.remote_ports)}}},
          {"process", process_json(incident.process)},
          {"started", format_rfc3339(incident.started)},
          {"detected", format_rfc3339(incident.detected)},
          {"ended", time_json(incident.ended)},
          {"latency_ms", rounded(double(incident.detected - incident.started) / double(kMillisecond), 1e3)},
          {"peak_pps", rounded(incident.peak_pps, 10)},
          {"peak_bps", rounded(incident.peak_bps, 10)},
          {"packets", incident.packets},
          {"bytes", incident.bytes},
          {"confidence", incident.confidence},
          {"severity", to_string(incident.severity)},
          {"technique", texts_json(incident.techniques)},
          {"explanation", safe(explanation(incident))},
          {"advice", advice_of(incident)},
          {"evidence", incident.evidence_path.empty() ? Json(nullptr) : Json(safe(incident.evidence_path))},
          {"degraded", incident.degraded},
          {"capture", capture_json(incident.capture)}};
}

Json analysis_json(const Analysis& analysis) {
  std::vector<const Incident*> ordered;
  for (const auto& incident : analysis.incidents) ordered.push_back(&incident);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Incident* a, const Incident* b) {
    const auto key = [](const Incident* i) { return std::tie(i->started, i->label, i->subject, i->direction); };
    return key(a) < key(b);
  });
  Json incidents = Json::array();
  for (const auto* incident : ordered) incidents.push_back(incident_json(*incident));
  return {{"schema", 1}, {"input", input_json(analysis)}, {"incidents", std::move(incidents)}};
}

std::string analysis_json_text(const Analysis& analysis) { return analysis_json(analysis).dump(2) + "\n"; }

}  // namespace sekisho
