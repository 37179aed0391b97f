// The steps of decoding, one file each. Every step fills what it understands and hands the rest to the next one.
#pragma once
#include "decode/cursor.h"
#include "decode/decode.h"

namespace sekisho {

// What all steps share. `inside`: this is already the inside of a tunnel, whose own tunnels are not opened.
struct Decoding {
  const DecodeOptions& options;
  Packet& packet;
  bool inside = false;
};

namespace ethertype {
constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd, kVlan = 0x8100, kQinQ = 0x88a8, kQinQOld = 0x9100, kQinQOlder = 0x9200;
constexpr std::uint16_t kMpls = 0x8847, kMplsMulticast = 0x8848, kPppoeSession = 0x8864, kPpp = 0x880b, kTransparentEthernet = 0x6558;
constexpr std::uint16_t kFirst = 0x0600;  // smaller values in an Ethernet header are a length (802.3)
}  // namespace ethertype

constexpr unsigned kMaxLinkHeaders = 16;  // VLAN tags, MPLS labels' stacks and PPP headers in one frame
constexpr unsigned kMaxMplsLabels = 16;
constexpr unsigned kMaxExtensionHeaders = 16;  // IPv6 extension headers and AH

// Link layers
void decode_ethernet(Decoding& d, Cursor c);
void decode_ethertype(Decoding& d, Cursor c, std::uint16_t type);  // VLAN, MPLS, PPPoE, then the network layer
void decode_llc(Decoding& d, Cursor c);                            // 802.2 LLC, with or without SNAP
void decode_ppp(Decoding& d, Cursor c);                            // from the protocol field or the HDLC address on
void decode_ppp_hdlc(Decoding& d, Cursor c);                       // PPP or Cisco HDLC
void decode_pppoe(Decoding& d, Cursor c);
void decode_ieee80211(Decoding& d, Cursor c, bool padded);
void decode_radiotap(Decoding& d, Cursor c);

// Network layers
void decode_ip(Decoding& d, Cursor c);  // by the version nibble
void decode_ipv4(Decoding& d, Cursor c);
void decode_ipv6(Decoding& d, Cursor c);

// Transport layers; `c` ends where the IP packet ends
void decode_transport(Decoding& d, Cursor c, std::uint8_t protocol);
bool is_decodable(std::uint8_t protocol);  // is there more to say about it than its number?
void decode_tcp(Decoding& d, Cursor c);
void decode_udp(Decoding& d, Cursor c);
void decode_icmp(Decoding& d, Cursor c, std::uint8_t protocol);
void decode_sctp(Decoding& d, Cursor c);
void decode_ah(Decoding& d, Cursor c);
void decode_gre(Decoding& d, Cursor c);
void decode_ip_in_ip(Decoding& d, Cursor c);
void decode_vxlan(Decoding& d, Cursor c);
void decode_gtp_u(Decoding& d, Cursor c);

inline void set_payload(Packet& packet, Cursor c) {
  packet.payload = c.at;
  packet.payload_bytes = static_cast<std::uint16_t>(std::min(c.length, 0xffffU));
  packet.payload_captured = static_cast<std::uint16_t>(std::min(c.captured, 0xffffU));
}

}  // namespace sekisho
