// Frame and Packet: the first two of the five words. Plain data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "model/address.h"
#include "model/traffic_class.h"

namespace sekisho {

// Link-layer types by their LINKTYPE_ number (https://www.tcpdump.org/linktypes.html).
enum class LinkType : std::uint16_t {
  null = 0,
  ethernet = 1,
  ppp = 9,
  raw_ip_bsd = 12,
  raw_ip_openbsd = 14,
  ppp_hdlc = 50,
  ppp_ether = 51,
  raw_ip = 101,
  ieee80211 = 105,
  loop = 108,
  linux_sll = 113,
  ieee80211_radiotap = 127,
  ipv4 = 228,
  ipv6 = 229,
  linux_sll2 = 276,
};

// Bytes from a link. `bytes` stays valid until the intake call that received it returns.
struct Frame {
  TimeNs time = 0;
  std::span<const std::uint8_t> bytes;  // captured; may be shorter than wire_bytes
  std::uint32_t wire_bytes = 0;         // length on the wire without the frame check sequence
  std::uint32_t weight = 1;             // this frame stands for so many (1 of N sampling)
  LinkType link = LinkType::ethernet;
  std::uint16_t interface = 0;  // index in the source's own list
  std::uint16_t segments = 1;   // packets on the wire: more where offloading shows several as one (wire_bytes is the sum of them)
};

enum class Direction : std::uint8_t { ingress, egress };
std::string_view to_string(Direction direction);

enum IpProtocol : std::uint8_t {
  kIcmp = 1,
  kIgmp = 2,
  kIpip = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6InIp = 41,
  kGre = 47,
  kEsp = 50,
  kAh = 51,
  kIcmpv6 = 58,
  kSctp = 132,
};
enum TcpFlag : std::uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32, kEce = 64, kCwr = 128 };
enum TcpOptionBit : std::uint8_t {
  kOptMss = 1,
  kOptWindowScale = 2,
  kOptSackPermitted = 4,
  kOptTimestamp = 8,
  kOptSack = 16,
  kOptOther = 32
};
enum class Fragment : std::uint8_t { none, first, later };
enum class Tunnel : std::uint8_t { none, gre_ip, gre_ethernet, gre_other, ip_in_ip, vxlan, gtp_u };
// IPv6 extension headers that were passed on the way to the transport header.
enum Ipv6Extension : std::uint8_t { kExtHopByHop = 1, kExtRouting = 2, kExtFragment = 4, kExtDestination = 8, kExtAh = 16, kExtOther = 32 };

// Why a frame could not be decoded to its end; each is a named counter.
enum class Malformed : std::uint8_t {
  none,
  short_link,
  unknown_link,
  short_ip,
  bad_ip_version,
  bad_ip_header_length,
  bad_ip_total_length,
  short_transport,
  bad_tcp_header_length,
  bad_tcp_options,
  bad_udp_length,
  bad_ipv6_extension,
  too_many_headers,
  bad_fragment,
  short_tunnel,
  count,
};
std::string_view to_string(Malformed malformed);

// What lies inside a tunnel packet (GRE, IPIP, 6in4, 4in6; VXLAN and GTP-U only when configured). The outer packet stays the packet.
struct Inner {
  Tunnel tunnel = Tunnel::none;
  std::uint8_t protocol = 0;
  std::uint16_t sport = 0, dport = 0;
  std::uint16_t payload_bytes = 0;
  Address src, dst;
};

// What decode understood of a frame. Multi-byte values are in host order. Fields of a protocol that is absent are zero.
// Ordered for the cache: what every packet needs lies in the first two lines.
struct alignas(64) Packet {
  TimeNs time = 0;
  std::uint64_t index = 0;  // running number in the source, 0-based
  Address src, dst;
  std::uint32_t wire_bytes = 0;
  std::uint32_t weight = 1;
  std::uint32_t ip_bytes = 0;          // IP total length as its header says (headers included); of one segment where offloading joined some
  std::uint16_t sport = 0, dport = 0;  // TCP, UDP, SCTP; 0 on later fragments

  std::uint8_t protocol = 0;  // the last header understood: kTcp, kUdp, ...; on later fragments the fragment's next header
  std::uint8_t family = 0;    // 4, 6; 0 = not IP (ARP and so on): ethertype says what
  std::uint8_t ttl = 0;       // or hop limit
  std::uint8_t tos = 0;
  Fragment fragment = Fragment::none;
  Malformed malformed = Malformed::none;
  bool truncated = false;  // cut by the snap length before the transport header ended
  bool dont_fragment = false;
  std::uint16_t ip_id = 0;  // IPv4 identification; low half of an IPv6 fragment's
  std::uint16_t ethertype = 0;
  std::uint8_t tcp_flags = 0;
  std::uint8_t tcp_header_bytes = 0;  // data offset x 4; 20 = no options
  std::uint8_t tcp_options = 0;       // TcpOptionBit bits
  std::uint16_t tcp_window = 0;
  std::uint16_t payload_bytes = 0;     // transport payload on the wire (from the IP length, not from what was captured)
  std::uint16_t payload_captured = 0;  // how many of them `payload` points to
  std::uint16_t interface = 0;
  std::uint32_t tcp_seq = 0, tcp_ack = 0;
  const std::uint8_t* payload = nullptr;   // into the frame: valid as long as the frame
  std::uint64_t src_mac = 0, dst_mac = 0;  // 48 bits, 0 = none

  // Filled by features when it is known whose side is local.
  Direction direction = Direction::ingress;
  TrafficClass traffic_class = TrafficClass::other_ip;
  std::uint16_t host = 0;  // row of the local host

  std::uint16_t vlan = 0;  // outermost tag's id, 0 = none
  std::uint16_t fragment_offset_bytes = 0;
  std::uint8_t ipv6_extensions = 0;  // Ipv6Extension bits
  std::uint8_t icmp_type = 0, icmp_code = 0;
  Inner inner;
};

// The side of the host that is guarded, and the other side.
inline const Address& local_address(const Packet& p) { return p.direction == Direction::ingress ? p.dst : p.src; }
inline const Address& remote_address(const Packet& p) { return p.direction == Direction::ingress ? p.src : p.dst; }
inline std::uint16_t local_port(const Packet& p) { return p.direction == Direction::ingress ? p.dport : p.sport; }
inline std::uint16_t remote_port(const Packet& p) { return p.direction == Direction::ingress ? p.sport : p.dport; }

}  // namespace sekisho
