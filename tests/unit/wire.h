// Hand-made bytes for tests: headers as small functions that wrap their payload.
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "decode/decode.h"

namespace sekisho::wire {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes text(std::string_view s) { return {s.begin(), s.end()}; }
inline Bytes fill(std::size_t n, std::uint8_t value = 0x55) { return Bytes(n, value); }
inline Bytes be16(unsigned v) { return {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}; }
inline Bytes be32(std::uint32_t v) { return be16(v >> 16) + be16(v & 0xffff); }
inline Bytes put16(Bytes b, std::size_t at, unsigned v) {
  b.at(at) = static_cast<std::uint8_t>(v >> 8);
  b.at(at + 1) = static_cast<std::uint8_t>(v);
  return b;
}
inline Bytes cut(Bytes b, std::size_t n) {
  b.resize(n);
  return b;
}

inline Bytes ethernet(unsigned type, const Bytes& payload) {
  return Bytes{0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1} + be16(type) + payload;
}
struct V4 {
  unsigned fragment = 0x4000;  // don't fragment
  int total = -1;              // -1: right
  std::uint8_t ttl = 64, tos = 0;
  Bytes options;
};
// 192.0.2.1 -> 198.51.100.7
inline Bytes ipv4(std::uint8_t protocol, const Bytes& payload, const V4& v = {}) {
  const auto header = 20 + v.options.size();
  const auto total = v.total < 0 ? header + payload.size() : static_cast<std::size_t>(v.total);
  return Bytes{static_cast<std::uint8_t>(0x40 | header / 4), v.tos} + be16(static_cast<unsigned>(total)) + be16(0x1234) + be16(v.fragment) +
         Bytes{v.ttl, protocol, 0, 0} + Bytes{192, 0, 2, 1, 198, 51, 100, 7} + v.options + payload;
}
// 2001:db8::1 -> 2001:db8::2
inline Bytes ipv6(std::uint8_t next, const Bytes& payload, int length = -1) {
  Bytes source{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, destination = source;
  destination[15] = 2;
  return Bytes{0x6a, 0xb0, 0, 0} + be16(length < 0 ? static_cast<unsigned>(payload.size()) : static_cast<unsigned>(length)) +
         Bytes{next, 63} + source + destination + payload;
}
inline Bytes tcp(std::uint8_t flags, const Bytes& payload = {}, const Bytes& options = {}) {
  return be16(40000) + be16(443) + be32(0x01020304) + be32(0x0a0b0c0d) +
         Bytes{static_cast<std::uint8_t>((20 + options.size()) / 4 << 4), flags} + be16(29200) + be32(0) + options + payload;
}
inline Bytes udp(unsigned sport, unsigned dport, const Bytes& payload, int length = -1) {
  return be16(sport) + be16(dport) + be16(length < 0 ? static_cast<unsigned>(payload.size() + 8) : static_cast<unsigned>(length)) +
         be16(0) + payload;
}

// The packet's payload stays valid until the next call. `snap`: bytes that were captured; the wire length stays that of `bytes`.
inline Packet decoded(const Bytes& bytes, LinkType link = LinkType::ethernet, const DecodeOptions& options = {},
                      std::size_t snap = SIZE_MAX) {
  Frame frame;
  frame.link = link;
  static Bytes kept;
  kept = bytes;
  frame.bytes = std::span{kept}.first(std::min(snap, bytes.size()));
  frame.wire_bytes = static_cast<std::uint32_t>(bytes.size());
  Packet packet;
  packet.index = 77;
  packet.tcp_seq = 99;  // a reused packet: nothing of it may shine through
  packet.payload_bytes = 99;
  packet.inner.protocol = 99;
  packet.malformed = Malformed::bad_fragment;
  decode(frame, options, packet);
  EXPECT_EQ(packet.index, 77U);
  return packet;
}

}  // namespace sekisho::wire
