// outbound_event: what a packet says about a local address's contacts with remote ones.
#pragma once
#include <optional>

#include "features/sources.h"

namespace sekisho {

// `udp_first`: the first UDP packet of these ports in this direction for 10 s, and not asked for by the other side.
std::optional<OutboundEvent> outbound_event(const Packet& packet, const ConnectionVerdict& connection, bool udp_first);

}  // namespace sekisho
