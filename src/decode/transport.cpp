// UDP, ICMP, ICMPv6, SCTP, AH, and the choice among all of them.
#include "decode/layers.h"

namespace sekisho {

void decode_transport(Decoding& d, Cursor c, std::uint8_t protocol) {
  switch (protocol) {
    case kTcp: return decode_tcp(d, c);
    case kUdp: return decode_udp(d, c);
    case kIcmp:
    case kIcmpv6: return decode_icmp(d, c, protocol);
    case kSctp: return decode_sctp(d, c);
    case kAh: return decode_ah(d, c);
    case kGre: return decode_gre(d, c);
    case kIpip:
    case kIpv6InIp: d.packet.protocol = protocol; return decode_ip_in_ip(d, c);
    default: d.packet.protocol = protocol; return set_payload(d.packet, c);
  }
}

void decode_udp(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  packet.protocol = kUdp;
  if (c.captured >= 4) {
    packet.sport = load_be16(c.at);
    packet.dport = load_be16(c.at + 2);
  }
  if (!has(c, 8, Malformed::short_transport, packet)) return;
  const std::uint32_t length = load_be16(c.at + 4);
  const bool is_first_fragment = packet.fragment == Fragment::first;  // its length counts the other fragments, too
  if (length < 8 ? length != 0 : length > c.length && !is_first_fragment)
    note(packet, Malformed::bad_udp_length);
  else if (length >= 8)
    c = limit(c, length);  // 0: segmentation offload or a jumbogram
  set_payload(packet, skip(c, 8));
  if (d.inside || is_first_fragment) return;
  const auto is_port = [&](std::uint16_t port) { return port != 0 && (packet.dport == port || packet.sport == port); };
  if (is_port(d.options.vxlan_port)) return decode_vxlan(d, skip(c, 8));
  if (is_port(d.options.gtp_u_port)) return decode_gtp_u(d, skip(c, 8));
}

void decode_icmp(Decoding& d, Cursor c, std::uint8_t protocol) {
  auto& packet = d.packet;
  packet.protocol = protocol;
  if (c.captured >= 2) {
    packet.icmp_type = c.at[0];
    packet.icmp_code = c.at[1];
  }
  const std::uint32_t header = protocol == kIcmp ? 8 : 4;
  if (!has(c, header, Malformed::short_transport, packet)) return;
  set_payload(packet, skip(c, std::min(c.captured, 8U)));
}

void decode_sctp(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  packet.protocol = kSctp;
  if (c.captured >= 4) {
    packet.sport = load_be16(c.at);
    packet.dport = load_be16(c.at + 2);
  }
  if (!has(c, 12, Malformed::short_transport, packet)) return;
  set_payload(packet, skip(c, 12));
}

bool is_decodable(std::uint8_t protocol) {
  switch (protocol) {
    case kTcp:
    case kUdp:
    case kIcmp:
    case kIcmpv6:
    case kSctp:
    case kGre:
    case kIpip:
    case kIpv6InIp:
    case kEsp: return true;
    default: return false;
  }
}

// Authentication header of IPv4 (in IPv6 it is an extension header): what it protects is readable behind it. The packet counts as that when
// we know it, else as AH.
void decode_ah(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  packet.protocol = kAh;
  packet.ipv6_extensions |= kExtAh;
  for (unsigned headers = 0; headers < kMaxExtensionHeaders; ++headers) {
    if (!has(c, 12, Malformed::short_transport, packet)) return;
    const auto next = c.at[0];
    const std::uint32_t bytes = (c.at[1] + 2U) * 4;
    if (bytes < 12) return note(packet, Malformed::short_transport);
    if (!has(c, bytes, Malformed::short_transport, packet)) return;
    c = skip(c, bytes);
    if (next == kAh) continue;
    if (is_decodable(next)) return decode_transport(d, c, next);
    return set_payload(packet, c);
  }
  note(packet, Malformed::too_many_headers);
}

}  // namespace sekisho
