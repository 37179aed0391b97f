// Fuzz target: what an ICMP error quotes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "features/icmp_quote.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 17) return 0;
  sekisho::Packet p;
  p.protocol = data[0] & 1 ? sekisho::kIcmp : sekisho::kIcmpv6;
  p.icmp_type = p.protocol == sekisho::kIcmp ? 3 : 1;
  // The quoted sender has to be the error's destination: offer what the quote itself says now and then.
  for (int i = 0; i < 8; ++i) {
    p.dst.high = p.dst.high << 8 | data[1 + i];
    p.dst.low = p.dst.low << 8 | data[9 + i];
  }
  p.payload = data + 17;
  p.payload_bytes = p.payload_captured = static_cast<std::uint16_t>(std::min<std::size_t>(size - 17, 64));
  if (const auto quoted = sekisho::quoted_packet(p); quoted && quoted->src != p.dst) __builtin_trap();
  return 0;
}
