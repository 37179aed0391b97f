// decode: bytes -> Packet. Pure, total, without allocation; malformed input is a named fact in the Packet.
#pragma once
#include "model/packet.h"

namespace sekisho {

struct DecodeOptions {
  // UDP ports whose payload is a tunnel here (4789 VXLAN, 2152 GTP-U): empty = leave as UDP.
  std::uint16_t vxlan_port = 0, gtp_u_port = 0;
};

// Fills every field of `packet` but index, direction, host and traffic_class. payload points into the frame.
void decode(const Frame& frame, const DecodeOptions& options, Packet& packet);

}  // namespace sekisho
