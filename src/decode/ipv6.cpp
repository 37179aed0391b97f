// IPv6: header, extension headers with a bound, fragments.
#include "decode/layers.h"

namespace sekisho {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragmentHeader = 44, kDestination = 60, kMobility = 135, kHip = 139, kShim6 = 140;

// The bit of an extension header with the common format (next header, length in units of eight bytes), 0 for anything else.
constexpr std::uint8_t common_extension(std::uint8_t header) {
  switch (header) {
    case kHopByHop: return kExtHopByHop;
    case kRouting: return kExtRouting;
    case kDestination: return kExtDestination;
    case kMobility:
    case kHip:
    case kShim6: return kExtOther;
    default: return 0;
  }
}

// Returns false when nothing that can be decoded follows: a later fragment.
bool enter_fragment(Packet& packet, Cursor c) {
  packet.ipv6_extensions |= kExtFragment;
  const auto field = load_be16(c.at + 2);
  const unsigned offset = field & 0xfff8;
  const bool more = field & 1;
  if (!more && offset == 0) return true;  // an "atomic" fragment is a whole packet
  packet.fragment = offset ? Fragment::later : Fragment::first;
  packet.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
  packet.ip_id = load_be16(c.at + 6);  // the low half: enough to tell neighbours apart
  const auto bytes = c.length - 8;
  if ((more && bytes % 8 != 0) || bytes == 0 || offset + bytes > 0xffff) note(packet, Malformed::bad_fragment);
  return offset == 0;
}

}  // namespace

void decode_ipv6(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  if (!has(c, 40, Malformed::short_ip, packet)) return;
  const auto* p = c.at;
  if (p[0] >> 4 != 6) return note(packet, Malformed::bad_ip_version);
  packet.family = 6;
  packet.tos = static_cast<std::uint8_t>(load_be16(p) >> 4);
  packet.ttl = p[7];
  packet.src = {load_be64(p + 8), load_be64(p + 16)};
  packet.dst = {load_be64(p + 24), load_be64(p + 32)};
  std::uint8_t next = p[6];
  packet.protocol = next;
  std::uint32_t total = load_be16(p + 4) + 40U;
  constexpr std::uint8_t kNoNextHeader = 59;
  if (total == 40 && next != kNoNextHeader) total = c.length;  // segmentation offload or a jumbogram
  packet.ip_bytes = static_cast<std::uint32_t>(total);
  if (total > c.length) note(packet, Malformed::bad_ip_total_length);
  c = skip(limit(c, total), 40);

  for (unsigned headers = 0;; ++headers) {
    const auto bit = common_extension(next);
    if (bit == 0 && next != kFragmentHeader && next != kAh) [[likely]]
      break;
    if (headers == kMaxExtensionHeaders) return note(packet, Malformed::too_many_headers);
    if (!has(c, 8, Malformed::bad_ipv6_extension, packet)) return;
    if (next == kFragmentHeader) {
      next = c.at[0];
      packet.protocol = next;
      const bool whole = enter_fragment(packet, c);
      c = skip(c, 8);
      if (!whole) return set_payload(packet, c);
      continue;
    }
    packet.ipv6_extensions |= next == kAh ? std::uint8_t{kExtAh} : bit;
    const std::uint32_t bytes = next == kAh ? (c.at[1] + 2U) * 4 : (c.at[1] + 1U) * 8;
    if (!has(c, bytes, Malformed::bad_ipv6_extension, packet)) return;
    next = c.at[0];
    packet.protocol = next;
    c = skip(c, bytes);
  }
  if (packet.ipv6_extensions & kExtAh && !is_decodable(next)) {
    packet.protocol = kAh;  // AH itself is all that this packet is about
    return set_payload(packet, c);
  }
  decode_transport(d, c, next);
}

}  // namespace sekisho
