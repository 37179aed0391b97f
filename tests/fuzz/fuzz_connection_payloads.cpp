// Fuzzes the payload recognisers and the whole watch: the input is a dialogue of small segments in both directions.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "features/connections.h"

using namespace sekisho;

namespace {

Packet segment(TimeNs time, bool egress, std::uint16_t port, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
               const std::uint8_t* payload, std::size_t bytes, std::size_t captured) {
  Packet p;
  p.time = time;
  p.family = 4;
  p.protocol = kTcp;
  p.direction = egress ? Direction::egress : Direction::ingress;
  const Address local = address_from_v4(0xcb007105), remote = address_from_v4(0xc6336407);
  p.src = egress ? local : remote;
  p.dst = egress ? remote : local;
  p.sport = egress ? 40'000 : port;
  p.dport = egress ? port : 40'000;
  p.tcp_flags = flags;
  p.tcp_header_bytes = 20;
  p.tcp_seq = seq;
  p.tcp_ack = ack;
  p.payload = payload;
  p.payload_bytes = static_cast<std::uint16_t>(bytes);
  p.payload_captured = static_cast<std::uint16_t>(captured);
  return p;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::uint16_t kPorts[] = {21, 22, 23, 25, 110, 143, 1433, 3306, 3389, 4222, 5432, 5900, 48101, 9999};
  if (size < 2) return 0;
  static Connections table{HashKey{}, 8, 0, kGroups};
  const std::uint16_t port = kPorts[data[0] % std::size(kPorts)];
  const auto put = [](const Packet& packet) { table.on_packet(packet, hashes_of({}, packet)); };
  TimeNs now = 1'700'000'000 * kSecond;
  std::uint32_t seq[2] = {100, 200};  // by egress
  put(segment(now, true, port, kSyn, seq[1]++, 0, nullptr, 0, 0));
  put(segment(now, false, port, kSyn | kAck, seq[0]++, seq[1], nullptr, 0, 0));
  std::size_t at = 1;
  while (at + 2 <= size) {
    const std::uint8_t control = data[at];
    const bool egress = (control & 1) != 0;
    const std::size_t bytes = std::min<std::size_t>(data[at + 1] % 80, size - at - 2);
    // An exact-size copy, so that the address sanitizer sees every byte read too far.
    const std::vector<std::uint8_t> payload(data + at + 2, data + at + 2 + bytes);
    const std::size_t captured = (control & 2) != 0 ? bytes / 2 : bytes;
    const std::vector<std::uint8_t> cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(captured));
    now += (control >> 4) * 5 * kSecond;
    const std::uint8_t flags = (control & 4) != 0 ? static_cast<std::uint8_t>(control ^ bytes) : static_cast<std::uint8_t>(kAck | kPsh);
    const std::uint32_t jump = (control & 8) != 0 ? control * 0x01000193U : 0;
    put(segment(now, egress, port, flags, seq[egress] + jump, seq[!egress], cut.data(), bytes, captured));
    seq[egress] += static_cast<std::uint32_t>(bytes);
    at += 2 + bytes;
  }
  std::vector<ConnectionFact> facts;
  table.collect(now, true, facts);
  for (const ConnectionFact& f : facts)
    for (std::size_t i = 0; i < f.tag.size() && f.tag[i] != 0; ++i)
      if (f.tag[i] < '0' || f.tag[i] > '_' || f.tag.back() != 0) __builtin_trap();
  return 0;
}
