// decode(): picks the link layer and starts.
#include "decode/decode.h"

#include "decode/layers.h"

namespace sekisho {
namespace {

// AF_INET6 of Linux does not occur here; these are of NetBSD and OpenBSD, FreeBSD, Darwin, and Linux all the same.
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
void decode_cooked(Decoding& d, Cursor c, std::size_t header, std::size_t type_at, std::size_t length_at, std::size_t address_at) {
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

}  // namespace

void decode(const Frame& frame, const DecodeOptions& options, Packet& packet) {
  // A fresh packet but for what others own. Compilers turn this into a dozen wide stores.
  const auto index = packet.index;
  const auto host = packet.host;
  const auto direction = packet.direction;
  const auto traffic_class = packet.traffic_class;
  packet = Packet{};
  packet.index = index;
  packet.host = host;
  packet.direction = direction;
  packet.traffic_class = traffic_class;

  packet.time = frame.time;
  packet.weight = frame.weight;
  packet.interface = frame.interface;
  const auto captured = frame.bytes.size();
  const auto length = std::max<std::size_t>(captured, frame.wire_bytes);
  packet.wire_bytes = static_cast<std::uint32_t>(length);
  Decoding d{options, packet};
  decode_link(d, {frame.bytes.data(), captured, length}, frame.link);
}

}  // namespace sekisho
