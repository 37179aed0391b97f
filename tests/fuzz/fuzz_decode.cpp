// Fuzzes decode() and the payload signatures behind it: the link type from the first two bytes, then the frame.
#include <cstdlib>

#include "base/bytes.h"
#include "decode/decode.h"
#include "features/amplification.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  if (size < 2) return 0;
  const auto selector = load_be16(data);
  Frame frame;
  frame.link = static_cast<LinkType>(selector & 0x1ff);
  frame.bytes = {data + 2, size - 2};
  frame.wire_bytes = static_cast<std::uint32_t>(size - 2 + (selector >> 15) * 100);  // the highest bit: cut by a snap length
  const DecodeOptions options{4789, 2152};
  Packet packet;
  decode(frame, options, packet);
  const auto* end = data + size;
  if (packet.payload_captured > packet.payload_bytes) std::abort();
  if (packet.payload_captured && (packet.payload < data + 2 || packet.payload + packet.payload_captured > end)) std::abort();
  if (packet.family != 0 && packet.family != 4 && packet.family != 6) std::abort();
  if (packet.fragment == Fragment::later && (packet.sport || packet.dport)) std::abort();
  // Signatures read the payload only; every port gets a try, whatever the frame's was.
  packet.sport = static_cast<std::uint16_t>(selector * 40503U);
  match_amplification(packet);
  is_vse_query(packet);
  is_dns_message(packet);
  is_http_request(packet);
  is_tls_client_hello(packet);
  volatile std::uint8_t sum = 0;
  for (std::size_t i = 0; i < packet.payload_captured; ++i) sum = static_cast<std::uint8_t>(sum + packet.payload[i]);
  return 0;
}
