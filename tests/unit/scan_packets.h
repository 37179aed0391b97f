// Packets for the tests of scans, built by hand.
#pragma once
#include <string>

#include "features/connections.h"
#include "model/packet.h"

namespace sekisho::scan_test {

inline Address ip(const std::string& text) { return *parse_address(text); }
inline Address remote(unsigned n) { return address_from_v4(0x08000000U + n); }     // 8.0.0.0/8
inline Address local(unsigned n = 5) { return address_from_v4(0xcb007100U + n); }  // 203.0.113.0/24

constexpr TimeNs kStart = 1'700'000'000LL * kSecond;

inline Packet base(TimeNs time, Direction direction, const Address& src, const Address& dst, std::uint8_t protocol) {
  Packet p;
  p.time = time;
  p.direction = direction;
  p.src = src;
  p.dst = dst;
  p.family = is_v4(src) ? 4 : 6;
  p.protocol = protocol;
  p.ttl = 50;
  p.wire_bytes = 60;
  p.ip_bytes = 40;
  return p;
}
inline Packet tcp(TimeNs time, Direction direction, const Address& src, std::uint16_t sport, const Address& dst, std::uint16_t dport,
                  unsigned flags) {
  auto p = base(time, direction, src, dst, kTcp);
  p.sport = sport;
  p.dport = dport;
  p.tcp_flags = static_cast<std::uint8_t>(flags);
  p.tcp_header_bytes = 20;
  p.tcp_window = 29'200;
  p.tcp_seq = 77;
  p.ip_id = 4711;
  p.traffic_class = (flags & (kSyn | kAck)) == kSyn ? TrafficClass::tcp_syn_bare : TrafficClass::tcp_ack;
  return p;
}
inline Packet syn_in(TimeNs time, const Address& from, const Address& to, std::uint16_t port, std::uint16_t sport = 40'000) {
  return tcp(time, Direction::ingress, from, sport, to, port, kSyn);
}
inline Packet with_options(Packet p) {
  p.tcp_options = kOptMss | kOptSackPermitted | kOptTimestamp;
  p.tcp_header_bytes = 40;
  p.traffic_class = TrafficClass::tcp_syn;
  return p;
}
inline Packet with_fingerprint(Packet p) {
  p.tcp_seq = v4_value(p.dst);
  return p;
}
inline Packet udp(TimeNs time, Direction direction, const Address& src, std::uint16_t sport, const Address& dst, std::uint16_t dport) {
  auto p = base(time, direction, src, dst, kUdp);
  p.sport = sport;
  p.dport = dport;
  p.traffic_class = TrafficClass::udp;
  return p;
}
// The reverse of `p` with other flags.
inline Packet answer(const Packet& p, TimeNs later, unsigned flags) {
  auto a = p;
  std::swap(a.src, a.dst);
  std::swap(a.sport, a.dport);
  a.time += later;
  a.direction = p.direction == Direction::ingress ? Direction::egress : Direction::ingress;
  a.tcp_flags = static_cast<std::uint8_t>(flags);
  a.tcp_options = 0;
  a.tcp_seq = 0;
  return a;
}
inline ConnectionVerdict completed() {
  ConnectionVerdict v;
  v.known = v.handshake_completed = v.established = v.both_ways = v.opened_by_remote = true;
  return v;
}

}  // namespace sekisho::scan_test
