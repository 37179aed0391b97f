// TCP: header and which options it carries.
#include "decode/layers.h"

namespace sekisho {
namespace {

void read_options(Packet& packet, const std::uint8_t* p, std::uint32_t captured, std::uint32_t bytes) {
  constexpr std::uint32_t kPaddedTimestamp = 0x0101080a;  // NOP NOP timestamp: nearly every segment that has options
  if (bytes == 12 && captured >= 12 && load_be32(p) == kPaddedTimestamp) {
    packet.tcp_options = kOptTimestamp;
    return;
  }
  constexpr std::uint8_t kEnd = 0, kNop = 1, kMss = 2, kWindowScale = 3, kSackPermitted = 4, kSack = 5, kTimestamp = 8;
  for (std::uint32_t at = 0; at < bytes;) {
    if (at >= captured) {
      packet.truncated = true;
      return;
    }
    const auto kind = p[at];
    if (kind == kEnd) return;
    if (kind == kNop) {
      ++at;
      continue;
    }
    if (at + 1 >= bytes) return note(packet, Malformed::bad_tcp_options);
    if (at + 1 >= captured) {
      packet.truncated = true;
      return;
    }
    const auto length = p[at + 1];
    if (length < 2 || at + length > bytes) return note(packet, Malformed::bad_tcp_options);
    switch (kind) {
      case kMss: packet.tcp_options |= kOptMss; break;
      case kWindowScale: packet.tcp_options |= kOptWindowScale; break;
      case kSackPermitted: packet.tcp_options |= kOptSackPermitted; break;
      case kSack: packet.tcp_options |= kOptSack; break;
      case kTimestamp: packet.tcp_options |= kOptTimestamp; break;
      default: packet.tcp_options |= kOptOther;
    }
    at += length;
  }
}

// A header that was cut: the fields that are still there.
void read_part(Packet& packet, Cursor c) {
  if (c.captured >= 4) {
    packet.sport = load_be16(c.at);
    packet.dport = load_be16(c.at + 2);
  }
  if (c.captured >= 8) packet.tcp_seq = load_be32(c.at + 4);
  if (c.captured >= 12) packet.tcp_ack = load_be32(c.at + 8);
  if (c.captured >= 14) {
    packet.tcp_header_bytes = static_cast<std::uint8_t>((c.at[12] >> 4) * 4);
    packet.tcp_flags = c.at[13];
  }
  if (c.captured >= 16) packet.tcp_window = load_be16(c.at + 14);
}

}  // namespace

void decode_tcp(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  packet.protocol = kTcp;
  if (!has(c, 20, Malformed::short_transport, packet)) return read_part(packet, c);
  const auto* p = c.at;
  packet.sport = load_be16(p);
  packet.dport = load_be16(p + 2);
  packet.tcp_seq = load_be32(p + 4);
  packet.tcp_ack = load_be32(p + 8);
  packet.tcp_flags = p[13];
  packet.tcp_window = load_be16(p + 14);
  const std::uint32_t header = (p[12] >> 4) * 4U;
  packet.tcp_header_bytes = static_cast<std::uint8_t>(header);
  if (header < 20 || header > c.length) {
    note(packet, Malformed::bad_tcp_header_length);
    return set_payload(packet, skip(c, 20));
  }
  if (header > 20) read_options(packet, p + 20, c.captured - 20, header - 20);
  if (header > c.captured) {
    packet.truncated = true;
    packet.payload_bytes = static_cast<std::uint16_t>(std::min(c.length - header, 0xffffU));
    return;
  }
  set_payload(packet, skip(c, header));
}

}  // namespace sekisho
