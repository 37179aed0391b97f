// SourceFact: what one remote address did to the local side. FanoutFact: what one local address does to remote ones.
#pragma once
#include <array>
#include <cstdint>

#include "model/packet.h"

namespace sekisho {

enum class ScannerTool : std::uint8_t { unknown, mirai, zmap, masscan, stack };  // stack: SYN with options, an ordinary kernel

struct SourcePort {
  std::uint16_t port = 0;  // local port that was probed
  std::uint32_t syns = 0;
};

// Cumulative since the source was first seen (or last evicted from the bounded table); reported in the steps in which it changed.
struct SourceFact {
  Address remote;
  std::uint64_t hash = 0;  // of it, keyed: for tables that an attacker can feed
  TimeNs first_seen = 0, last_seen = 0;
  std::uint64_t packets = 0, bytes = 0;
  // Since the previous report of this source, so that readers add up without a table of their own. Equal to the totals: the first report.
  std::uint64_t new_packets = 0, new_bytes = 0;
  std::uint32_t new_syns = 0;
  std::uint32_t syns = 0, bare_syns = 0;
  std::uint32_t fingerprint_syns = 0;     // sequence number equals a destination (or --public) address
  std::uint32_t fingerprint_swapped = 0;  // byte-swapped match: weak
  std::uint32_t device_port_syns = 0;
  // First contacts over TCP (distinct local address and port): unanswered or refused / handshake completed or data. Lower bounds above
  // about 50.
  std::uint32_t failures = 0, successes = 0;
  std::uint32_t refused = 0;                         // answers that said no: RST or ICMP unreachable from the local side (TCP and UDP)
  std::uint32_t udp_contacts = 0, udp_failures = 0;  // the same over UDP; not part of the walk
  double walk = 0;                                   // log-likelihood ratio of the threshold random walk (ln; >= ln 99 says scanner)
  std::uint32_t handshakes = 0;
  std::uint32_t followups = 0;                            // optionless SYN, then an ordinary connection within 10 s
  std::uint16_t distinct_ports = 0, distinct_locals = 0;  // estimates; saturate near 500
  bool constant_sport = false, constant_window = false;   // over at least 3 SYNs
  std::uint16_t sport = 0, window = 0;
  std::uint8_t ttl = 0;
  ScannerTool tool = ScannerTool::unknown;
  bool real_source = false;  // a handshake completed or both ways carried payload: the address is not spoofed
  Address last_local;
  std::array<SourcePort, 8> ports{};  // the first eight distinct ports, by order of appearance
};

struct FanoutFact {
  Address local;
  std::uint16_t host = 0;
  std::uint8_t protocol = kTcp;
  std::uint16_t port = 0;  // remote port; 0 = all ports together
  TimeNs first_seen = 0, last_seen = 0;
  double distinct_remotes = 0;  // within 10 s
  double distinct_remotes_minute = 0;
  std::uint64_t attempts = 0, answered = 0, refused = 0;  // within the last 10 s; answered: SYN-ACK or payload came back
  // Within the last 10 s, what was said to those that answered (TCP) or with the attempt (UDP): an HTTP request or TLS hello, BitTorrent.
  std::uint64_t web_talks = 0, peer_to_peer_talks = 0;
  std::uint64_t total_attempts = 0;          // since first_seen
  std::uint64_t fingerprint_syns = 0;        // outgoing SYNs whose sequence number equals their destination
  std::uint64_t private_targets = 0;         // attempts to addresses that are not of the Internet (is_private())
  std::uint64_t shared_targets = 0;          // of these, to a provider's shared range, RFC 6598
  std::array<Address, 20> sample_remotes{};  // the most recent targets
};

}  // namespace sekisho
