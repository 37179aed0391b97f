// Ethernet, 802.1Q and QinQ tags, MPLS stacks, 802.2 LLC/SNAP.
#include "decode/layers.h"

namespace sekisho {
namespace {

// After the bottom of an MPLS stack nothing names the content: the first nibble tells IP from a pseudo-wire's control word (RFC 4928).
void decode_below_mpls(Decoding& d, Cursor c) {
  if (!has(c, 1, Malformed::short_link, d.packet)) return;
  switch (c.at[0] >> 4) {
    case 4: d.packet.ethertype = ethertype::kIpv4; return decode_ipv4(d, c);
    case 6: d.packet.ethertype = ethertype::kIpv6; return decode_ipv6(d, c);
    case 0:  // a control word of four bytes, then an Ethernet frame whose addresses are not the link's
      if (has(c, 4 + 14, Malformed::short_link, d.packet)) {
        const auto type = load_be16(c.at + 4 + 12);
        // One level only: no second stack inside, so that depth stays bounded.
        if (type == ethertype::kIpv4 || type == ethertype::kIpv6) decode_ethertype(d, skip(c, 4 + 14), type);
      }
      return;
    default: return;
  }
}

bool skip_mpls(Decoding& d, Cursor& c) {
  for (unsigned labels = 0; labels < kMaxMplsLabels; ++labels) {
    if (!has(c, 4, Malformed::short_link, d.packet)) return false;
    const bool bottom = c.at[2] & 1;
    c = skip(c, 4);
    if (bottom) return true;
  }
  note(d.packet, Malformed::too_many_headers);
  return false;
}

}  // namespace

void decode_ethernet(Decoding& d, Cursor c) {
  if (!has(c, 14, Malformed::short_link, d.packet)) return;
  d.packet.dst_mac = load_be64(c.at) >> 16;
  d.packet.src_mac = load_be64(c.at + 6) >> 16;
  const auto type = load_be16(c.at + 12);
  if (type >= ethertype::kFirst) [[likely]]
    decode_ethertype(d, skip(c, 14), type);
  else
    decode_llc(d, limit(skip(c, 14), type ? type : c.length));
}

void decode_ethertype(Decoding& d, Cursor c, std::uint16_t type) {
  for (unsigned headers = 0; headers < kMaxLinkHeaders; ++headers) {
    d.packet.ethertype = type;
    switch (type) {
      case ethertype::kIpv4: return decode_ipv4(d, c);
      case ethertype::kIpv6: return decode_ipv6(d, c);
      case ethertype::kVlan:
      case ethertype::kQinQ:
      case ethertype::kQinQOld:
      case ethertype::kQinQOlder:
        if (!has(c, 4, Malformed::short_link, d.packet)) return;
        if (d.packet.vlan == 0) d.packet.vlan = load_be16(c.at) & 0xfff;
        type = load_be16(c.at + 2);
        c = skip(c, 4);
        if (type < ethertype::kFirst) return decode_llc(d, limit(c, type ? type : c.length));
        break;
      case ethertype::kMpls:
      case ethertype::kMplsMulticast:
        if (skip_mpls(d, c)) decode_below_mpls(d, c);
        return;
      case ethertype::kPppoeSession: return decode_pppoe(d, c);
      case ethertype::kPpp: return decode_ppp(d, c);
      default: return;  // ARP and so on
    }
  }
  note(d.packet, Malformed::too_many_headers);
}

void decode_llc(Decoding& d, Cursor c) {
  d.packet.ethertype = 0;
  if (!has(c, 3, Malformed::short_link, d.packet)) return;
  constexpr std::uint8_t kSnap = 0xaa, kIpSap = 0x06, kUnnumbered = 0x03;
  if (c.at[0] == kIpSap && c.at[1] == kIpSap && c.at[2] == kUnnumbered) {
    d.packet.ethertype = ethertype::kIpv4;
    return decode_ipv4(d, skip(c, 3));
  }
  if (c.at[0] != kSnap || c.at[1] != kSnap) return;  // spanning tree and so on
  if (!has(c, 8, Malformed::short_link, d.packet)) return;
  const auto organisation = load_be32(c.at + 2) & 0xffffff;  // c.at[2] is the control byte
  constexpr std::uint32_t kEncapsulatedEthernet = 0x000000, kBridgeTunnel = 0x0000f8;
  if (organisation != kEncapsulatedEthernet && organisation != kBridgeTunnel) return;
  const auto type = load_be16(c.at + 6);
  d.packet.ethertype = type;
  // Through LLC only the network layer itself: no second tag stack, so that depth stays bounded.
  if (type == ethertype::kIpv4) return decode_ipv4(d, skip(c, 8));
  if (type == ethertype::kIpv6) return decode_ipv6(d, skip(c, 8));
}

}  // namespace sekisho
