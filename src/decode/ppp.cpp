// PPP, PPP in HDLC-like framing, Cisco HDLC, PPPoE.
#include "decode/layers.h"

namespace sekisho {

void decode_ppp(Decoding& d, Cursor c) {
  d.packet.ethertype = ethertype::kPpp;
  if (!has(c, 2, Malformed::short_link, d.packet)) return;
  if (c.at[0] == 0xff && c.at[1] == 0x03) {  // address and control
    c = skip(c, 2);
    if (!has(c, 2, Malformed::short_link, d.packet)) return;
  }
  std::uint16_t protocol = c.at[0];
  if (protocol & 1) {  // protocol field compression: an odd first byte is the whole number
    c = skip(c, 1);
  } else {
    protocol = load_be16(c.at);
    c = skip(c, 2);
  }
  constexpr std::uint16_t kIpv4 = 0x21, kIpv6 = 0x57;
  if (protocol == kIpv4) {
    d.packet.ethertype = ethertype::kIpv4;
    decode_ipv4(d, c);
  } else if (protocol == kIpv6) {
    d.packet.ethertype = ethertype::kIpv6;
    decode_ipv6(d, c);
  }
}

void decode_ppp_hdlc(Decoding& d, Cursor c) {
  if (!has(c, 4, Malformed::short_link, d.packet)) return;
  constexpr std::uint8_t kCiscoUnicast = 0x0f, kCiscoMulticast = 0x8f;
  if ((c.at[0] == kCiscoUnicast || c.at[0] == kCiscoMulticast) && c.at[1] == 0)
    decode_ethertype(d, skip(c, 4), load_be16(c.at + 2));
  else
    decode_ppp(d, c);
}

void decode_pppoe(Decoding& d, Cursor c) {
  d.packet.ethertype = ethertype::kPppoeSession;
  if (!has(c, 6, Malformed::short_link, d.packet)) return;
  constexpr std::uint8_t kSessionData = 0;
  if (c.at[1] != kSessionData) return;  // discovery
  const auto length = load_be16(c.at + 4);
  decode_ppp(d, limit(skip(c, 6), length));
}

}  // namespace sekisho
