// Packets by hand for unit tests: fluent enough to read like a capture. The payload's bytes live in the caller's TestPacket.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "model/packet.h"

namespace sekisho::test {

inline Address address(std::string_view text) { return parse_address(text).value(); }
inline std::string bytes(std::initializer_list<unsigned> values) {
  std::string out;
  for (const unsigned v : values) out.push_back(static_cast<char>(v));
  return out;
}

// A TCP packet as decode would give it, headers without options. `payload` may be longer than what is captured.
inline Packet tcp_packet(TimeNs time, Direction direction, const Address& local, std::uint16_t local_port_number, const Address& remote,
                         std::uint16_t remote_port_number, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
                         std::string_view payload = {}, std::size_t snap = 64) {
  Packet p;
  p.time = time;
  p.direction = direction;
  const bool out = direction == Direction::egress;
  p.src = out ? local : remote;
  p.dst = out ? remote : local;
  p.sport = out ? local_port_number : remote_port_number;
  p.dport = out ? remote_port_number : local_port_number;
  p.family = is_v4(local) ? 4 : 6;
  p.protocol = kTcp;
  p.ttl = 64;
  p.tcp_flags = flags;
  p.tcp_seq = seq;
  p.tcp_ack = ack;
  p.tcp_window = 64240;
  p.tcp_header_bytes = 20;
  p.payload_bytes = static_cast<std::uint16_t>(payload.size());
  p.payload_captured = static_cast<std::uint16_t>(std::min(payload.size(), snap));
  p.payload = payload.empty() ? nullptr : reinterpret_cast<const std::uint8_t*>(payload.data());
  p.ip_bytes = static_cast<std::uint32_t>((p.family == 4 ? 40 : 60) + payload.size());
  p.wire_bytes = p.ip_bytes + 14;
  return p;
}

}  // namespace sekisho::test
