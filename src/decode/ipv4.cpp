// IPv4: header, options (skipped by their length), fragments.
#include "decode/layers.h"

namespace sekisho {

void decode_ip(Decoding& d, Cursor c) {
  if (!has(c, 1, Malformed::short_ip, d.packet)) return;
  switch (c.at[0] >> 4) {
    case 4: d.packet.ethertype = ethertype::kIpv4; return decode_ipv4(d, c);
    case 6: d.packet.ethertype = ethertype::kIpv6; return decode_ipv6(d, c);
    default: note(d.packet, Malformed::bad_ip_version);
  }
}

void decode_ipv4(Decoding& d, Cursor c) {
  auto& packet = d.packet;
  if (!has(c, 20, Malformed::short_ip, packet)) return;
  const auto* p = c.at;
  if (p[0] >> 4 != 4) return note(packet, Malformed::bad_ip_version);
  packet.family = 4;
  packet.tos = p[1];
  packet.ip_id = load_be16(p + 4);
  const auto fragment = load_be16(p + 6);
  packet.dont_fragment = fragment & 0x4000;
  packet.ttl = p[8];
  packet.protocol = p[9];
  packet.src = address_from_v4(load_be32(p + 12));
  packet.dst = address_from_v4(load_be32(p + 16));

  const std::uint32_t header = (p[0] & 15) * 4U;
  std::uint32_t total = load_be16(p + 2);
  if (total == 0) total = c.length;  // segmentation offload: the capture holds what the card will cut
  packet.ip_bytes = static_cast<std::uint32_t>(total);
  if (header < 20) return note(packet, Malformed::bad_ip_header_length);
  if (total < header) return note(packet, Malformed::bad_ip_total_length);
  if (total > c.length) note(packet, Malformed::bad_ip_total_length);
  c = limit(c, total);
  if (!has(c, header, Malformed::bad_ip_header_length, packet)) return;
  c = skip(c, header);

  const bool more = fragment & 0x2000;
  const auto offset = (fragment & 0x1fff) * 8U;
  if (more || offset) [[unlikely]] {
    packet.fragment = offset ? Fragment::later : Fragment::first;
    packet.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
    const auto bytes = total - header;
    if ((more && bytes % 8 != 0) || bytes == 0 || offset + bytes > 0xffff - header) note(packet, Malformed::bad_fragment);
    if (offset) return set_payload(packet, c);
  }
  decode_transport(d, c, packet.protocol);
}

}  // namespace sekisho
