// Analysis: everything that `sekisho analyze` found in its input, as plain data: what the reports (text, JSON, HTML, EVE) are made of.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/incident.h"
#include "model/second.h"

namespace sekisho {

// What was read.
struct InputFile {
  std::string file;                      // as given; "-" for standard input
  std::string format;                    // "pcap (microseconds, little-endian)"
  std::uint64_t packets = 0, bytes = 0;  // wire bytes
};
struct InputDamage {
  std::string file;
  std::uint64_t byte = 0, packet = 0;  // where: offset in the (decompressed) file, 1-based packet number
  std::string what;
};
struct Input {
  std::vector<InputFile> files;
  std::vector<InputDamage> damage;
  std::vector<std::string> skipped;      // "DIR/notes.txt: not a capture"
  std::uint64_t packets = 0, bytes = 0;  // wire bytes, weights not applied
  std::uint64_t truncated_packets = 0;   // cut by the snap length before their transport header ended
  std::uint64_t backward_steps = 0, forward_jumps = 0, unknown_blocks = 0;
  std::uint64_t damage_not_listed = 0;  // places beyond the first ones of each file
  std::uint64_t late_files = 0;         // overlapped more files than can be open at once: their packets came late
  std::optional<TimeNs> first, last;    // of the packets' times: the earliest and the latest; empty without packets
  std::array<std::uint64_t, static_cast<std::size_t>(Malformed::count)> malformed{};  // by reason; [none] is ignored
};

// Which side is the guarded host's.
struct LocalSide {
  std::vector<Network> networks;  // empty: could not be told
  bool given = false;
  std::string reason;  // one sentence
};

struct PortSyns {
  std::uint16_t port = 0;
  std::uint64_t syns = 0;
};
// The ports of the article that Sekisho grew from; reported as facts, never as proof.
constexpr std::array<std::uint16_t, 9> kArticlePorts{23, 2323, 80, 8080, 8443, 9527, 48101, 37215, 52869};

// The scan background and the facts of the article: incoming packets of the whole input, weights applied.
struct Background {
  std::uint64_t sources = 0;           // remote addresses with scan evidence
  std::uint64_t syns = 0;              // incoming SYNs of such sources
  std::uint64_t fingerprint_syns = 0;  // of them with the Mirai mark (sequence number equals destination address)
  std::uint64_t fingerprint_sources = 0;
  std::vector<PortSyns> top_ports;                                      // probed local ports, most SYNs first, at most 20
  std::array<std::uint64_t, kArticlePorts.size()> article_port_syns{};  // in the order of kArticlePorts
  ClassCounts ingress{}, egress{};                                      // totals by class
  // Shares are taken of incoming TCP and UDP packets; `syn_packets` counts SYN without ACK.
  std::uint64_t tcp_packets = 0, syn_packets = 0;
  std::uint64_t ports_seen = 0, high_source_ports = 0;  // incoming packets with a source port; of them with one >= 32768
};

struct Analysis {
  Input input;
  LocalSide local;
  std::vector<Incident> incidents;  // in any order; the reports sort
  Background background;
  DurationNs elapsed = 0;    // how long the analysis took; shown to people, never part of JSON (determinism)
  bool interrupted = false;  // stopped by the user: the report covers what was read so far
  std::string version;       // "0.1.0"
};

}  // namespace sekisho
