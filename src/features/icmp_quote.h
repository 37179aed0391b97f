// What an ICMP or ICMPv6 error quotes: the packet it complains about.
#pragma once
#include <optional>

#include "model/packet.h"

namespace sekisho {

struct Quoted {
  Address src, dst;
  std::uint8_t protocol = 0;
  std::uint16_t sport = 0, dport = 0;
};

// ICMP destination unreachable (type 3), ICMPv6 destination unreachable (type 1).
inline bool is_unreachable(const Packet& p) {
  return (p.protocol == kIcmp && p.icmp_type == 3) || (p.protocol == kIcmpv6 && p.icmp_type == 1);
}
// Nothing if the error is cut or does not quote a TCP or UDP packet of the address that it was sent to.
std::optional<Quoted> quoted_packet(const Packet& error);

}  // namespace sekisho
