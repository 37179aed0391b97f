// EVE lines. Field names, values and the timestamp's form are Suricata's (doc/userguide/output/eve/eve-json-format.rst).
#include "app/report_eve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "app/community_id.h"
#include "app/incident_json.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

// "2026-11-22T02:15:10.000000+0000"
std::string eve_time(TimeNs time) {
  std::string text = format_rfc3339(time);
  text.pop_back();
  return text + "+0000";
}

// The IP protocol that a class of packets has; 0 = several or none.
std::uint8_t protocol_of(TrafficClass c, bool v6) {
  using enum TrafficClass;
  if (c >= tcp_syn && c <= tcp_odd) return kTcp;
  if (c >= udp && c <= amp_last) return kUdp;
  switch (c) {
    case icmp_echo:
    case icmp_unreachable:
    case icmp_other: return v6 ? kIcmpv6 : kIcmp;
    case gre_ip:
    case gre_ethernet:
    case gre_other: return kGre;
    case ip_in_ip: return kIpip;
    case esp: return kEsp;
    case ah: return kAh;
    case sctp: return kSctp;
    case igmp: return kIgmp;
    case http_request:
    case tls_hello: return kTcp;
    default: return 0;
  }
}

std::string_view protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case kTcp: return "TCP";
    case kUdp: return "UDP";
    case kIcmp: return "ICMP";
    case kIcmpv6: return "IPv6-ICMP";
    case kGre: return "GRE";
    case kIpip: return "IPIP";
    case kEsp: return "ESP";
    case kAh: return "AH";
    case kSctp: return "SCTP";
    case kIgmp: return "IGMP";
    default: return "";
  }
}

std::uint8_t protocol_of(const Incident& incident, bool v6) {
  std::optional<std::uint8_t> found;
  for (const auto& selector : incident.selectors)
    for (std::size_t i = 0; i < selector.classes.size(); ++i) {
      if (!selector.classes[i]) continue;
      const auto protocol = protocol_of(static_cast<TrafficClass>(i), v6);
      if (found && *found != protocol) return 0;
      found = protocol;
    }
  if (found) return *found;
  // Without selectors the label says it, as far as it does.
  if (incident.label.starts_with("amp_") || incident.label.starts_with("udp_")) return kUdp;
  if (incident.kind == Kind::c2 || incident.kind == Kind::bruteforce || incident.kind == Kind::scan) return kTcp;
  return incident.label.starts_with("syn_") || incident.label.starts_with("ack_") || incident.label.starts_with("tcp_") ? kTcp : 0;
}

struct Ends {
  std::optional<Address> local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  bool single_flow = false;
};

Ends ends_of(const Incident& incident) {
  Ends ends;
  ends.local = parse_address(incident.subject);
  if (!incident.top_peers.empty()) {
    ends.remote = incident.top_peers.front().address;
    ends.remote_port = incident.top_peers.front().port;
  }
  if (ends.remote_port == 0 && incident.remote_ports.size() == 1) ends.remote_port = incident.remote_ports.front().port;
  if (incident.local_ports.size() == 1 || (incident.direction == Direction::ingress && !incident.local_ports.empty()))
    ends.local_port = incident.local_ports.front().port;
  ends.single_flow = incident.distinct_peers == 1 && incident.local_ports.size() == 1 && incident.remote_ports.size() <= 1 && ends.local &&
                     ends.remote && ends.local_port && ends.remote_port;
  return ends;
}

// Whether the packets are a client's or answers: reflection and backscatter come from servers.
std::string_view flow_direction(const Incident& incident) {
  const bool answers = incident.kind == Kind::reflector || incident.kind == Kind::backscatter || incident.label.starts_with("amp_") ||
                       incident.label == "tcp_reflection" || incident.label == "tcp_middlebox" || incident.label == "syn_ack_flood";
  return answers ? "to_client" : "to_server";
}

std::string_view category(Kind kind) {
  switch (kind) {
    case Kind::flood:
    case Kind::reflector: return "Attempted Denial of Service";
    case Kind::scan: return "Detection of a Network Scan";
    case Kind::c2: return "Malware Command and Control Activity Detected";
    case Kind::bruteforce: return "Attempted Administrator Privilege Gain";
    case Kind::backscatter: return "Misc activity";
    case Kind::exposure: return "Potentially Bad Traffic";
  }
  return "Misc activity";
}

int eve_severity(Severity severity) { return severity >= Severity::high ? 1 : severity == Severity::medium ? 2 : 3; }

Json one(std::string_view text) { return Json::array({escape_hostile(text)}); }

}  // namespace

std::uint32_t eve_signature_id(std::string_view label, Direction direction) {
  std::uint32_t hash = 2166136261U;  // FNV-1a: stable whatever is added to the table
  for (const char c : label) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return 1'000'000U + 2 * (hash % 499'979U) + (direction == Direction::egress ? 1 : 0);
}

std::string eve_alert(const Incident& incident) {
  const Ends ends = ends_of(incident);
  const bool v6 = (ends.local && !is_v4(*ends.local)) || (ends.remote && !is_v4(*ends.remote));
  const std::uint8_t protocol = protocol_of(incident, v6);
  const bool inbound = incident.direction == Direction::ingress;
  const auto& src = inbound ? ends.remote : ends.local;
  const auto& dst = inbound ? ends.local : ends.remote;
  const std::uint16_t sport = inbound ? ends.remote_port : ends.local_port, dport = inbound ? ends.local_port : ends.remote_port;

  Json line{{"timestamp", eve_time(incident.detected)}};
  const FlowEnds flow{src.value_or(Address{}), dst.value_or(Address{}), sport, dport, protocol};
  line["flow_id"] = eve_flow_id(flow);
  line["event_type"] = "alert";
  if (src) line["src_ip"] = to_string(*src);
  if (src && sport) line["src_port"] = sport;
  if (dst) line["dest_ip"] = to_string(*dst);
  if (dst && dport) line["dest_port"] = dport;
  if (const auto name = protocol_name(protocol); !name.empty()) line["proto"] = name;
  if (ends.single_flow && (protocol == kTcp || protocol == kUdp || protocol == kSctp)) line["community_id"] = community_id(flow);

  Json techniques = Json::array();
  for (const auto& technique : incident.techniques) techniques.push_back(escape_hostile(technique, 64));
  Json metadata{{"label", one(incident.label)},
                {"kind", one(to_string(incident.kind))},
                {"direction", one(to_string(incident.direction))},
                {"confidence", one(std::to_string(incident.confidence))},
                {"sekisho_severity", one(to_string(incident.severity))},
                {"incident_id", one(incident.id)},
                {"mitre_technique_id", std::move(techniques)}};
  line["alert"] = {{"action", "allowed"},
                   {"gid", kEveGeneratorId},
                   {"signature_id", eve_signature_id(incident.label, incident.direction)},
                   {"rev", 1},
                   {"signature", fmt::format("SEKISHO {} {}", direction_word(incident), title_of(incident))},
                   {"category", category(incident.kind)},
                   {"severity", eve_severity(incident.severity)},
                   {"metadata", std::move(metadata)}};
  line["direction"] = flow_direction(incident);
  line["sekisho"] = incident_json(incident);
  return line.dump();
}

std::string eve_lines(const Analysis& analysis) {
  std::vector<const Incident*> ordered;
  for (const auto& incident : analysis.incidents) ordered.push_back(&incident);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Incident* a, const Incident* b) {
    const auto key = [](const Incident* i) { return std::tie(i->detected, i->label, i->subject, i->direction); };
    return key(a) < key(b);
  });
  std::string out;
  for (const auto* incident : ordered) out += eve_alert(*incident) + "\n";

  const Input& input = analysis.input;
  const std::string end = eve_time(input.last.value_or(0));
  std::uint64_t invalid = 0;
  for (std::size_t i = 1; i < input.malformed.size(); ++i) {
    if (!input.malformed[i]) continue;
    invalid += input.malformed[i];
    const Json line{
        {"timestamp", end},
        {"event_type", "anomaly"},
        {"anomaly",
         {{"type", "decode"}, {"event", fmt::format("sekisho.{}", to_string(static_cast<Malformed>(i)))}, {"count", input.malformed[i]}}}};
    out += line.dump() + "\n";
  }
  const double uptime = input.first && input.last ? std::floor(double(*input.last - *input.first) / double(kSecond)) : 0;
  const Json stats{
      {"timestamp", end},
      {"event_type", "stats"},
      {"stats",
       {{"uptime", static_cast<std::uint64_t>(uptime)},
        {"decoder", {{"pkts", input.packets}, {"bytes", input.bytes}, {"invalid", invalid}, {"truncated", input.truncated_packets}}},
        {"detect", {{"alert", analysis.incidents.size()}}}}}};
  return out + stats.dump() + "\n";
}

}  // namespace sekisho
