// decode(): picks the link layer and starts.
#include "decode/decode.h"

#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "decode/layers.h"

namespace sekisho {
namespace {

static_assert(std::is_trivially_copyable_v<Packet>);

// Straight-line wide stores: for `packet = {}` and memset of this size gcc 12 emits `rep stos`, which alone takes 15 ns.
template <std::size_t kFrom, std::size_t kTo>
inline void clear(Packet& packet) {
  constexpr std::array<std::uint8_t, 16> kZeroes{};
  static_assert(kTo - kFrom >= kZeroes.size());
  auto* at = reinterpret_cast<std::uint8_t*>(&packet) + kFrom;
  const auto whole = [&]<std::size_t... I>(std::index_sequence<I...>) {
    (std::memcpy(at + I * kZeroes.size(), kZeroes.data(), kZeroes.size()), ...);
  };
  whole(std::make_index_sequence<(kTo - kFrom) / kZeroes.size()>{});
  std::memcpy(at + (kTo - kFrom) - kZeroes.size(), kZeroes.data(), kZeroes.size());  // the rest, overlapping
}
// The fields before `src` are set anew or the caller's, those from `direction` to `vlan` are the caller's.
constexpr std::size_t kFirst = offsetof(Packet, src), kCallers = offsetof(Packet, direction), kRare = offsetof(Packet, vlan);

// AF_INET6 differs by system: 24 NetBSD and OpenBSD, 28 FreeBSD, 30 Darwin, 10 Linux.
constexpr bool is_af_inet6(std::uint32_t af) { return af == 24 || af == 28 || af == 30 || af == 10; }

// BSD loopback: the address family, in the byte order of the machine that captured (NULL) or of the network (LOOP).
void decode_loopback(Decoding& d, Cursor c) {
  if (!has(c, 4, Malformed::short_link, d.packet)) return;
  const auto big = load_be32(c.at), little = load_le32(c.at);
  const auto af = std::min(big, little);  // the wrong order makes a small number huge
  if (af == 2)
    decode_ethertype(d, skip(c, 4), ethertype::kIpv4);
  else if (is_af_inet6(af))
    decode_ethertype(d, skip(c, 4), ethertype::kIpv6);
}

std::uint64_t mac_of(const std::uint8_t* p) { return std::uint64_t{load_be16(p)} << 32 | load_be32(p + 2); }

// Linux cooked capture: the protocol is an ethertype, or a small number for 802.3 and LLC.
void decode_cooked(Decoding& d, Cursor c, std::uint32_t header, std::size_t type_at, std::size_t length_at, std::size_t address_at) {
  if (!has(c, header, Malformed::short_link, d.packet)) return;
  const auto type = load_be16(c.at + type_at);
  const auto address_bytes = header == 20 ? c.at[length_at] : load_be16(c.at + length_at);
  if (address_bytes == 6) d.packet.src_mac = mac_of(c.at + address_at);
  constexpr std::uint16_t kLlc = 4;
  if (type == kLlc)
    decode_llc(d, skip(c, header));
  else
    decode_ethertype(d, skip(c, header), type);
}

void decode_link(Decoding& d, Cursor c, LinkType link) {
  switch (link) {
    case LinkType::ethernet: return decode_ethernet(d, c);
    case LinkType::raw_ip:
    case LinkType::raw_ip_bsd:
    case LinkType::raw_ip_openbsd: return decode_ip(d, c);
    case LinkType::ipv4: return decode_ethertype(d, c, ethertype::kIpv4);
    case LinkType::ipv6: return decode_ethertype(d, c, ethertype::kIpv6);
    case LinkType::null:
    case LinkType::loop: return decode_loopback(d, c);
    case LinkType::ppp: return decode_ppp(d, c);
    case LinkType::ppp_hdlc: return decode_ppp_hdlc(d, c);
    case LinkType::ppp_ether: return decode_pppoe(d, c);
    case LinkType::ieee80211: return decode_ieee80211(d, c, false);
    case LinkType::ieee80211_radiotap: return decode_radiotap(d, c);
    case LinkType::linux_sll: return decode_cooked(d, c, 16, 14, 4, 6);
    case LinkType::linux_sll2: return decode_cooked(d, c, 20, 0, 11, 12);
  }
  note(d.packet, Malformed::unknown_link);
}

// One frame for several packets on the wire: counted as so many of equal size. The payload stays whole: sequence numbers need it.
void split(Packet& packet, std::uint32_t segments) {
  const std::uint32_t headers = packet.ip_bytes > packet.payload_bytes ? packet.ip_bytes - packet.payload_bytes : 0;
  packet.weight *= segments;
  packet.wire_bytes = (packet.wire_bytes + segments - 1) / segments;
  packet.ip_bytes = headers + (packet.payload_bytes + segments - 1) / segments;
}

// Nearly all frames are Ethernet, IPv4 without options or fragments, TCP or UDP, sound and captured to the end of their headers: they are
// read in one go, by the rules of the steps (ethernet.cpp, ipv4.cpp, tcp.cpp, transport.cpp). False leaves the packet to those, untouched.
bool decode_plain(const std::uint8_t* frame, std::uint32_t captured, std::uint32_t length, const DecodeOptions& options, Packet& packet) {
  constexpr std::uint32_t kEthernet = 14, kIp = 20, kMoreOrOffset = 0x3fff, kWithoutOptions = 0x45;
  if (captured < kEthernet + kIp + 8 || load_be16(frame + 12) != ethertype::kIpv4) return false;
  const auto* ip = frame + kEthernet;
  const auto fragment = load_be16(ip + 6);
  const std::uint32_t total = load_be16(ip + 2);
  if (ip[0] != kWithoutOptions || (fragment & kMoreOrOffset) != 0 || total > length - kEthernet) return false;
  const auto* transport = ip + kIp;
  std::uint32_t header = 8, end = total;  // of the transport header; of the packet from the IP header on
  const auto protocol = ip[9];
  if (protocol == kTcp) {
    if (captured < kEthernet + kIp + 20) return false;
    header = (transport[12] >> 4) * 4U;
    constexpr std::uint32_t kPaddedTimestamp = 0x0101080a;
    if (header < 20 || total < kIp + header || captured < kEthernet + kIp + header) return false;
    if (header != 20 && (header != 32 || load_be32(transport + 20) != kPaddedTimestamp)) return false;
    packet.tcp_seq = load_be32(transport + 4);
    packet.tcp_ack = load_be32(transport + 8);
    packet.tcp_header_bytes = static_cast<std::uint8_t>(header);
    packet.tcp_options = header == 20 ? 0 : kOptTimestamp;
    packet.tcp_flags = transport[13];
    packet.tcp_window = load_be16(transport + 14);
  } else if (protocol == kUdp) {
    const std::uint32_t bytes = load_be16(transport + 4);
    if (bytes < 8 || bytes > total - kIp || total < kIp + 8) return false;
    if ((options.vxlan_port | options.gtp_u_port) != 0) [[unlikely]]
      return false;  // perhaps a tunnel
    end = kIp + bytes;
    packet.tcp_seq = packet.tcp_ack = 0;
    packet.tcp_header_bytes = packet.tcp_options = packet.tcp_flags = 0;
    packet.tcp_window = 0;
  } else {
    return false;
  }
  clear<kRare, sizeof(Packet)>(packet);
  packet.fragment = Fragment::none;
  packet.malformed = Malformed::none;
  packet.truncated = false;
  packet.dst_mac = load_be64(frame) >> 16;
  packet.src_mac = load_be64(frame + 6) >> 16;
  packet.ethertype = ethertype::kIpv4;
  packet.family = 4;
  packet.tos = ip[1];
  packet.ip_id = load_be16(ip + 4);
  packet.dont_fragment = (fragment & 0x4000) != 0;
  packet.ttl = ip[8];
  packet.protocol = protocol;
  packet.src = address_from_v4(load_be32(ip + 12));
  packet.dst = address_from_v4(load_be32(ip + 16));
  packet.ip_bytes = total;
  packet.sport = load_be16(transport);
  packet.dport = load_be16(transport + 2);
  packet.payload = transport + header;
  packet.payload_bytes = static_cast<std::uint16_t>(end - kIp - header);
  packet.payload_captured = static_cast<std::uint16_t>(std::min(captured - kEthernet, end) - kIp - header);
  return true;
}

}  // namespace

void decode(const Frame& frame, const DecodeOptions& options, Packet& packet) {
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  const auto length = std::max(captured, frame.wire_bytes);
  const bool plain =
      frame.link == LinkType::ethernet && frame.segments <= 1 && decode_plain(frame.bytes.data(), captured, length, options, packet);
  if (!plain) {
    clear<kFirst, kCallers>(packet);
    clear<kRare, sizeof(Packet)>(packet);
  }
  packet.time = frame.time;
  packet.weight = frame.weight;
  packet.interface = frame.interface;
  packet.wire_bytes = length;
  if (plain) [[likely]]
    return;
  Decoding d{options, packet};
  decode_link(d, {frame.bytes.data(), captured, length}, frame.link);
  if (frame.segments > 1) [[unlikely]]
    split(packet, frame.segments);
}

}  // namespace sekisho
