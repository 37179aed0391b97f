// Finding: one detector's statement about one subject at one time, with numbers, counter-evidence and confidence.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/packet.h"

namespace sekisho {

// Which packets belong: what evidence keeps. An empty member matches everything.
struct Selector {
  Direction direction = Direction::ingress;
  std::vector<Address> locals;   // at most kMaxSelected; empty = any local address
  std::vector<Address> remotes;  // at most kMaxSelected; empty = any
  TrafficClassSet classes;       // empty = any
  std::vector<std::uint16_t> local_ports, remote_ports;
  bool both_ways = false;  // also the packets of the same pair in the other direction (connections)
};
constexpr std::size_t kMaxSelected = 256;

struct PeerFact {
  Address address;
  std::uint16_t port = 0;  // 0 = many or unknown
  std::uint64_t packets = 0;
};
struct PortFact {
  std::uint16_t port = 0;
  std::uint64_t packets = 0;
};

struct Finding {
  TimeNs time = 0;          // when the verdict was reached, in capture time
  TimeNs first_packet = 0;  // first packet of what is reported
  std::string_view label;   // an id of the label table (static storage)
  Direction direction = Direction::ingress;
  bool has_subject = true;   // false: the subject is "host" (or a network of many local addresses)
  Address subject;           // the local address
  std::string subject_text;  // when has_subject is false: a network ("203.0.113.0/24"); empty = "host"
  std::string merge_key;     // findings with equal (kind, direction, merge_key) join one incident; default: the subject
  int confidence = 0;        // 0-100
  Severity severity = Severity::info;
  // Rates over the window that decided, and totals over that step only; the incident adds the steps up.
  double rate_pps = 0, rate_bps = 0;
  std::uint64_t packets = 0, bytes = 0;  // since the detector's previous finding on this merge key (weights applied)
  double normal_pps = 0;                 // what is normal here; 0 = not known
  std::uint64_t distinct_peers = 0;
  bool peers_spoofed = false;
  // Peers and ports are either cumulative counts (list_total 0), or a sample's: then list_total is the packets that the sample stands for.
  double list_total = 0;
  std::vector<PeerFact> top_peers;                  // largest first, at most 20
  std::vector<PortFact> local_ports, remote_ports;  // largest first, at most 20
  std::vector<std::string_view> modifiers;          // carpet pulse multi_vector spoofed
  std::string headline;                             // numbers in one clause: "412 kpps (x96 of normal 4.3 kpps), 97 % UDP"
  std::vector<std::string> evidence;                // each a clause with its number
  std::vector<std::string> counter_evidence;        // at least one
  std::string advice;                               // empty = the label's
  std::vector<std::string_view> extra_techniques;
  bool degraded = false;
  Selector selector;
};

}  // namespace sekisho
