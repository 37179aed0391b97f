// Tunnels: GRE, IP in IP, and VXLAN and GTP-U where configured. The outer packet stays the packet; Inner says what is inside.
#include "decode/layers.h"

namespace sekisho {
namespace {

// The inside is decoded like any packet, into a scratch one; only one level deep.
template <class Step>
void look_inside(Decoding& d, Tunnel tunnel, Step step) {
  d.packet.inner.tunnel = tunnel;
  if (d.inside || d.packet.fragment == Fragment::later) return;
  Packet scratch;
  Decoding inside{d.options, scratch, true};
  step(inside);
  auto& inner = d.packet.inner;
  inner.protocol = scratch.protocol;
  inner.sport = scratch.sport;
  inner.dport = scratch.dport;
  inner.payload_bytes = scratch.payload_bytes;
  inner.src = scratch.src;
  inner.dst = scratch.dst;
  // An inside that is no packet at all is a malformed tunnel; a cut one or one that ends in the next fragment is not.
  if (scratch.family == 0 && scratch.malformed != Malformed::none && d.packet.fragment == Fragment::none)
    note(d.packet, Malformed::short_tunnel);
}

// RFC 1701 source routes: address family, offset, length; ends with a route of family 0 and length 0.
bool skip_source_routes(Packet& packet, Cursor& c) {
  for (unsigned routes = 0; routes < kMaxExtensionHeaders; ++routes) {
    if (!has(c, 4, Malformed::short_tunnel, packet)) return false;
    const auto family = load_be16(c.at);
    const std::uint32_t bytes = c.at[3];
    if (!has(c, 4 + bytes, Malformed::short_tunnel, packet)) return false;
    c = skip(c, 4 + bytes);
    if (family == 0 && bytes == 0) return true;
  }
  note(packet, Malformed::too_many_headers);
  return false;
}

}  // namespace

void decode_gre(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  packet.protocol = kGre;
  packet.inner.tunnel = Tunnel::gre_other;
  if (!has(c, 4, Malformed::short_tunnel, packet)) return;
  const auto flags = load_be16(c.at), type = load_be16(c.at + 2);
  constexpr std::uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000, kAcknowledgment = 0x0080, kVersion = 7;
  const unsigned version = flags & kVersion;
  std::uint32_t header = 4;
  if (flags & (kChecksum | kRouting)) header += 4;
  if (flags & kKey) header += 4;
  if (flags & kSequence) header += 4;
  if (version == 1 && (flags & kAcknowledgment)) header += 4;  // PPTP
  if (!has(c, header, Malformed::short_tunnel, packet)) return;
  c = skip(c, header);
  if (version == 0 && (flags & kRouting) && !skip_source_routes(packet, c)) return;
  set_payload(packet, c);
  if (version != 0) return;
  if (type == ethertype::kIpv4) return look_inside(d, Tunnel::gre_ip, [&](Decoding& inside) { decode_ipv4(inside, c); });
  if (type == ethertype::kIpv6) return look_inside(d, Tunnel::gre_ip, [&](Decoding& inside) { decode_ipv6(inside, c); });
  if (type == ethertype::kTransparentEthernet)
    return look_inside(d, Tunnel::gre_ethernet, [&](Decoding& inside) { decode_ethernet(inside, c); });
}

void decode_ip_in_ip(Decoding& d, Cursor c) {
  set_payload(d.packet, c);
  look_inside(d, Tunnel::ip_in_ip, [&](Decoding& inside) { decode_ip(inside, c); });
}

// RFC 7348: flags, 24 reserved bits, network identifier, then Ethernet.
void decode_vxlan(Decoding& d, Cursor c) {
  if (!has(c, 8, Malformed::short_tunnel, d.packet)) return;
  constexpr std::uint8_t kIdentifierIsValid = 0x08;
  if (!(c.at[0] & kIdentifierIsValid)) return;
  look_inside(d, Tunnel::vxlan, [&](Decoding& inside) { decode_ethernet(inside, skip(c, 8)); });
}

// 3GPP TS 29.281: version 1, message type 255 carries a user's packet behind optional extension headers.
void decode_gtp_u(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  if (!has(c, 8, Malformed::short_tunnel, packet)) return;
  constexpr std::uint8_t kVersionAndType = 0xf0, kVersion1Gtp = 0x30, kOptionalPart = 0x07, kExtension = 0x04, kUserPacket = 0xff;
  const auto flags = c.at[0];
  if ((flags & kVersionAndType) != kVersion1Gtp || c.at[1] != kUserPacket) return;
  c = skip(limit(c, 8U + load_be16(c.at + 2)), 8);
  if (flags & kOptionalPart) {
    if (!has(c, 4, Malformed::short_tunnel, packet)) return;
    auto next = flags & kExtension ? c.at[3] : std::uint8_t{0};
    c = skip(c, 4);
    for (unsigned headers = 0; next != 0; ++headers) {
      if (headers == kMaxExtensionHeaders) return note(packet, Malformed::too_many_headers);
      if (!has(c, 1, Malformed::short_tunnel, packet)) return;
      const std::uint32_t bytes = c.at[0] * 4U;
      if (bytes == 0) return note(packet, Malformed::short_tunnel);
      if (!has(c, bytes, Malformed::short_tunnel, packet)) return;
      next = c.at[bytes - 1];
      c = skip(c, bytes);
    }
  }
  look_inside(d, Tunnel::gtp_u, [&](Decoding& inside) { decode_ip(inside, c); });
}

}  // namespace sekisho
