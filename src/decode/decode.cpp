// decode(): picks the link layer and starts.
#include "decode/decode.h"

#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "decode/layers.h"

namespace sekisho {
namespace {

// All fields that decode owns start as zero: those from `src` up to `direction`; the ones before are set anew or are the caller's.
constexpr std::size_t kFirstCleared = offsetof(Packet, src), kFirstKept = offsetof(Packet, direction);
constexpr std::array<std::uint8_t, 16> kZeroes{};
static_assert(std::is_trivially_copyable_v<Packet> && kFirstKept - kFirstCleared >= kZeroes.size());

// Straight-line wide stores: for `packet = {}` and memset of this size gcc 12 emits `rep stos`, which alone takes 15 ns.
template <std::size_t... I>
inline void clear(std::uint8_t* at, std::index_sequence<I...>) {
  (std::memcpy(at + I * kZeroes.size(), kZeroes.data(), kZeroes.size()), ...);
}
inline void clear(Packet& packet) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(&packet);
  constexpr std::size_t whole = (kFirstKept - kFirstCleared) / kZeroes.size();
  clear(bytes + kFirstCleared, std::make_index_sequence<whole>{});
  std::memcpy(bytes + kFirstKept - kZeroes.size(), kZeroes.data(), kZeroes.size());  // the rest, overlapping
}

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

}  // namespace

void decode(const Frame& frame, const DecodeOptions& options, Packet& packet) {
  clear(packet);
  packet.time = frame.time;
  packet.weight = frame.weight;
  packet.interface = frame.interface;
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  const auto length = std::max(captured, frame.wire_bytes);
  packet.wire_bytes = length;
  Decoding d{options, packet};
  decode_link(d, {frame.bytes.data(), captured, length}, frame.link);
  if (frame.segments > 1) [[unlikely]]
    split(packet, frame.segments);
}

}  // namespace sekisho
