// Incident: findings merged over time; what a person reads, an alert carries, a store keeps. JSON contract: docs/incident.md.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/finding.h"

namespace sekisho {

struct LabelShare {
  std::string_view label;
  double share = 0;  // 0-1 of the incident's packets
};
struct RatePoint {
  TimeNs time = 0;
  float pps = 0, bps = 0;
};
struct ProcessFact {
  std::int64_t pid = 0;
  std::string exe, unit;
  std::int64_t uid = -1;
  bool deleted = false;
};

// What the room incident must know to take an incident up again after a restart; of no use to others.
struct IncidentMemory {
  std::string key;          // findings with this key belong to it
  TimeNs last_finding = 0;  // when it was last confirmed
  double list_total = 0;    // packets that peers and ports are shares of; 0 = they are counts
  unsigned bursts = 1;
};

// What the live source says about itself. In an incident: frames lost while it lasted, and the largest N of "one of N was looked at".
struct CaptureState {
  std::string source;  // "xdp", "tc", "packet_socket"
  std::uint64_t lost = 0;
  std::uint32_t sampling = 1;
};

struct Incident {
  std::string id;  // ULID
  Kind kind = Kind::flood;
  Direction direction = Direction::ingress;
  std::string_view label;          // the largest
  std::vector<LabelShare> labels;  // largest first
  std::vector<std::string_view> modifiers;
  std::string subject;  // local address, or "host", or a network
  std::uint64_t distinct_peers = 0;
  bool peers_spoofed = false;
  std::vector<PeerFact> top_peers;
  std::vector<PortFact> local_ports, remote_ports;
  std::optional<ProcessFact> process;
  TimeNs started = 0, detected = 0;
  std::optional<TimeNs> ended;  // empty while open
  double peak_pps = 0, peak_bps = 0, normal_pps = 0;
  std::uint64_t packets = 0, bytes = 0;
  int confidence = 0;
  Severity severity = Severity::info;
  std::vector<std::string> techniques;
  std::string headline;
  std::vector<std::string> evidence, counter_evidence;
  std::string advice;
  std::string evidence_path;  // empty = none
  bool degraded = false;
  std::optional<CaptureState> capture;  // live only
  std::vector<RatePoint> rates;         // over its life, at most 240 points
  std::vector<Selector> selectors;      // one per label: what evidence keeps
  IncidentMemory memory;
};

// Findings about logs have no bytes: what stands as packets are log lines.
inline bool is_from_logs(const Incident& incident) { return incident.bytes == 0 && incident.packets > 0; }

enum class IncidentChange : std::uint8_t { opened, updated, closed };

// The paragraph of the contract: numbers, evidence, counter-evidence, how it was decided.
std::string explanation(const Incident& incident);

}  // namespace sekisho
