// Reads the header that an ICMP error quotes.
#include "features/icmp_quote.h"

#include "base/bytes.h"

namespace sekisho {
namespace {

std::optional<Quoted> read_quote(const std::uint8_t* p, std::size_t n, const Address& sender) {
  Quoted quoted;
  std::size_t ports_at = 0;
  if (n >= 24 && p[0] >> 4 == 4) {
    ports_at = static_cast<std::size_t>(p[0] & 15) * 4;
    if (ports_at < 20) return std::nullopt;
    quoted.protocol = p[9];
    quoted.src = address_from_v4(load_be32(p + 12));
    quoted.dst = address_from_v4(load_be32(p + 16));
  } else if (n >= 44 && p[0] >> 4 == 6) {
    ports_at = 40;
    quoted.protocol = p[6];
    quoted.src = {load_be64(p + 8), load_be64(p + 16)};
    quoted.dst = {load_be64(p + 24), load_be64(p + 32)};
  } else {
    return std::nullopt;
  }
  if (quoted.protocol != kTcp && quoted.protocol != kUdp) return std::nullopt;
  if (quoted.src != sender || ports_at + 4 > n) return std::nullopt;
  quoted.sport = load_be16(p + ports_at);
  quoted.dport = load_be16(p + ports_at + 2);
  return quoted;
}

}  // namespace

std::optional<Quoted> quoted_packet(const Packet& error) {
  if (error.payload == nullptr) return std::nullopt;
  // The quote follows the eight bytes of the ICMP header; a decoder may count the last four of them as payload.
  for (const std::size_t skip : {std::size_t{0}, std::size_t{4}})
    if (error.payload_captured > skip)
      if (auto quoted = read_quote(error.payload + skip, error.payload_captured - skip, error.dst)) return quoted;
  return std::nullopt;
}

}  // namespace sekisho
