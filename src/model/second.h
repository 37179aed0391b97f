// Second: everything counted about the last second of one local host in one direction. Step: all Seconds of one step of the sliding window.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "base/distinct_window.h"
#include "model/baseline_view.h"
#include "model/connection_fact.h"
#include "model/kernel_evidence.h"
#include "model/packet.h"
#include "model/source_fact.h"

namespace sekisho {

struct ClassCount {
  std::uint64_t packets = 0, bytes = 0;  // weights applied; bytes on the wire
};
using ClassCounts = std::array<ClassCount, kTrafficClasses>;

// Facts that are no class of their own: a packet may raise several.
enum class Fact : std::uint8_t {
  handshakes_completed,  // three-way handshakes of connections opened in this direction that ended in this second
  refused,               // RST or ICMP unreachable that the local host sent back to packets of this direction
  fragments_first,
  fragments_later,
  malformed,        // anything wrong with its headers (Packet::malformed)
  slow_http_lines,  // a lone header line on a connection to a web port: requests that never end (slowloris)
  count,
};
using Facts = std::array<std::uint64_t, static_cast<std::size_t>(Fact::count)>;

// Digest of one packet in the sample of the last second. `weight`: this sample stands for so many packets of its stratum.
struct Sample {
  TimeNs time = 0;
  Address remote;
  float weight = 1;
  std::uint16_t host = 0;
  TrafficClass traffic_class = TrafficClass::other_ip;
  std::uint8_t ttl = 0;
  std::uint16_t remote_port = 0, local_port = 0;
  std::uint16_t ip_bytes = 0, payload_bytes = 0;
  std::uint8_t tcp_flags = 0, protocol = 0, payload_captured = 0, inner_protocol = 0, icmp_type = 0;
  std::uint16_t ip_id = 0, tcp_window = 0;
  std::array<std::uint8_t, 32> payload{};  // the first payload_captured (at most 32) payload bytes
  std::uint32_t hash = 0;                  // of up to 64 payload bytes
};

struct Second {
  TimeNs time = 0;  // end of the window
  DurationNs window = kSecond;
  Direction direction = Direction::ingress;
  bool all = false;  // the row of all local hosts of one family together (carpet bombing, totals)
  bool v6 = false;   // which family
  std::uint16_t host = 0;
  Address address;                           // the local host; unset when `all`
  ClassCounts counts{};                      // within the window
  ClassCounts step{};                        // within the last step only
  Facts facts{};                             // within the window
  const DistinctWindow* distinct = nullptr;  // what distinct_remotes() and its like count; valid as long as the step
  std::span<const Sample> samples;    // of this direction within the window, all hosts; in order of time within each step and stratum
  std::uint64_t distinct_locals = 0;  // local hosts with packets in the window (the `all` row; else 1)
  std::array<float, kTrafficClasses> normal{};        // learned median packets/s per class; 0 = nothing learned yet
  std::array<float, kTrafficClasses> ceiling{};       // learned upper bound of normal, packets/s; 0 = nothing learned yet
  std::array<ThresholdRule, kTrafficClasses> rule{};  // what set the ceiling
  std::uint32_t learned_seconds = 0;                  // how many clean seconds that rests on
  const Second* reverse = nullptr;                    // the same host in the other direction, nullptr if silent in the window
  bool reverse_ever = false;                          // whether the other direction of this host ever carried a packet
};

struct Step {
  TimeNs time = 0;                              // end of the step; verdicts carry it as `detected`
  DurationNs length = 0;                        // nominally 100 ms; the last one may be shorter
  bool last = false;                            // the input ends here: judge what is pending
  std::span<const Second> seconds;              // rows with packets in the window; their `all` rows (by direction and family) at the end
  std::span<const SourceFact> sources;          // remote addresses whose scan evidence changed in this step
  std::span<const FanoutFact> fanouts;          // local hosts that contact many targets
  std::span<const ConnectionFact> connections;  // connections with something to say
  KernelEvidence kernel;                        // of the whole host; not known in captures
  std::span<const ConnectionFact> sockets;      // connections that beat, by the kernel's counters of their sockets; live only
};

inline bool belongs_to(const Sample& sample, const Second& row) {
  return row.all ? is_v6(sample.remote) == row.v6 : sample.host == row.host;
}
inline std::uint64_t packets(const Second& s, TrafficClass c) { return s.counts[index_of(c)].packets; }
enum DistinctKind : unsigned { kDistinctRemotes, kDistinctLocalPorts, kDistinctRemotePorts };
// Within the window: estimates, about 5 %.
inline double distinct_remotes(const Second& s) { return s.distinct ? s.distinct->count(kDistinctRemotes) : 0; }
inline double distinct_local_ports(const Second& s) { return s.distinct ? s.distinct->count(kDistinctLocalPorts) : 0; }
inline double distinct_remote_ports(const Second& s) { return s.distinct ? s.distinct->count(kDistinctRemotePorts) : 0; }
inline std::uint64_t fact(const Second& s, Fact f) { return s.facts[static_cast<std::size_t>(f)]; }

}  // namespace sekisho
