// OutboundWatch: turns packets into OutboundEvents: a local address's attempt to reach a remote one, and what came back.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "features/connections.h"
#include "features/fanout.h"
#include "features/icmp_quote.h"
#include "features/udp_flows.h"

namespace sekisho {

// A small set of recent TCP attempts, 16 groups by the remote address as in connections.h; each shard owns whole groups. It does not
// depend on the table of connections, so that a full one does not turn answers into silence. Most packets return at once: TCP is
// looked at when SYN or RST is set, or when it may be a client's first words, UDP when it is the first of its ports.
class OutboundWatch {
 public:
  // entries_per_group is a power of two, at least 4; 8 bytes each.
  OutboundWatch(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups);
  // Direction and host set, packets in order of time. TCP: an attempt is the first SYN of a connection within a minute (its retries
  // are none). UDP: the first packet of its ports for 10 s, unless the remote side spoke first. Answered: SYN-ACK, UDP back. Refused:
  // RST to an attempt, ICMP unreachable about one of our packets. Spoke: once a connection, when its first words are known ones. `udp`: the
  // packet's verdict, default for other protocols.
  static bool looks_at(const Packet& packet, const UdpVerdict& udp) {
    const auto flags = packet.tcp_flags & (kSyn | kAck | kRst);
    if (packet.protocol == kTcp)
      return packet.direction == Direction::egress ? flags == kSyn || may_be_first_words(packet)
                                                   : flags == (kSyn | kAck) || (flags & kRst) != 0;
    return packet.protocol == kUdp ? udp.first : is_unreachable(packet);
  }
  std::optional<OutboundEvent> on_packet(const Packet& packet, const UdpVerdict& udp, std::uint64_t remote_hash);

 private:
  // The first byte of a BitTorrent handshake, a TLS record of a handshake, an HTTP method.
  static bool may_be_first_words(const Packet& packet) {
    if (packet.payload_captured < 6) return false;
    const auto first = packet.payload[0];
    return first == 0x13 || first == 0x16 || (first >= 'C' && first <= 'T');
  }
  enum class State : std::uint8_t { empty, attempted, settled, spoke };
  struct Slot {
    std::uint32_t tag = 0;
    std::uint16_t second = 0;
    State state = State::empty;
  };
  Slot* find(std::uint64_t remote_hash, std::uint64_t tag, std::uint16_t second);
  void claim(std::uint64_t remote_hash, std::uint64_t tag, std::uint16_t second);
  std::uint64_t tag_of(std::uint64_t remote_hash, const Address& local, std::uint16_t local_port, std::uint16_t remote_port) const;
  std::optional<OutboundEvent> on_tcp(const Packet& packet, std::uint64_t remote_hash);
  std::optional<OutboundEvent> on_first_words(const Packet& packet, std::uint64_t remote_hash);

  HashKey key_;
  unsigned first_group_;
  std::size_t per_group_;
  std::vector<Slot> slots_;
};

}  // namespace sekisho
