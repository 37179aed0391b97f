// 802.11 data frames, with or without a radiotap header. Management, control and encrypted frames carry nothing for us.
#include "decode/layers.h"

namespace sekisho {
namespace {

std::uint64_t mac_at(const std::uint8_t* p) { return std::uint64_t{load_be16(p)} << 32 | load_be32(p + 2); }

// Radiotap's flags field: is the 802.11 header padded to four bytes? It follows the optional time stamp.
bool header_is_padded(Cursor c, std::uint32_t header) {
  constexpr std::uint32_t kTimeStamp = 1, kFlags = 2, kMore = 1U << 31;
  const auto present = load_le32(c.at + 4);
  if (!(present & kFlags)) return false;
  std::uint32_t at = 4;
  while (load_le32(c.at + at) & kMore) {
    at += 4;
    if (at + 4 > header) return false;
  }
  at += 4;
  if (present & kTimeStamp) at = (at + 7) / 8 * 8 + 8;
  constexpr std::uint8_t kPadded = 0x20;
  return at < header && (c.at[at] & kPadded);
}

}  // namespace

void decode_radiotap(Decoding& d, Cursor c) {
  if (!has(c, 8, Malformed::short_link, d.packet)) return;
  const std::uint32_t header = load_le16(c.at + 2);
  if (header < 8) return note(d.packet, Malformed::short_link);
  if (!has(c, header, Malformed::short_link, d.packet)) return;
  decode_ieee80211(d, skip(c, header), header_is_padded(c, header));
}

void decode_ieee80211(Decoding& d, Cursor c, bool padded) {
  if (!has(c, 2, Malformed::short_link, d.packet)) return;
  const auto control = c.at[0], flags = c.at[1];
  constexpr std::uint8_t kVersionAndType = 0x0f, kData = 0x08, kNoData = 0x40, kQos = 0x80;
  constexpr std::uint8_t kToDs = 0x01, kFromDs = 0x02, kProtected = 0x40, kOrder = 0x80;
  if ((control & kVersionAndType) != kData) return;
  const bool four_addresses = (flags & kToDs) && (flags & kFromDs), qos = control & kQos;
  std::uint32_t header = 24 + (four_addresses ? 6 : 0);
  const auto qos_at = header;
  if (qos) header += 2 + (flags & kOrder ? 4 : 0);  // order in a QoS frame: an HT control field follows
  if (!has(c, header, Malformed::short_link, d.packet)) return;
  const std::uint64_t first = mac_at(c.at + 4), second = mac_at(c.at + 10), third = mac_at(c.at + 16);
  d.packet.dst_mac = flags & kToDs ? third : first;
  d.packet.src_mac = four_addresses ? mac_at(c.at + 24) : flags & kFromDs ? third : second;
  const bool later_fragment = c.at[22] & 0x0f;
  if ((control & kNoData) || (flags & kProtected) || later_fragment) return;
  const bool aggregated = qos && (c.at[qos_at] & 0x80);
  if (padded) header = (header + 3) / 4 * 4;
  if (!has(c, header, Malformed::short_link, d.packet)) return;
  c = skip(c, header);
  if (aggregated) {  // A-MSDU: the first of its frames: destination, source, length
    if (!has(c, 14, Malformed::short_link, d.packet)) return;
    c = limit(skip(c, 14), load_be16(c.at + 12));
  }
  decode_llc(d, c);
}

}  // namespace sekisho
