// classify: the one traffic class that a packet belongs to.
#pragma once
#include "features/connections.h"
#include "features/udp_flows.h"
#include "model/packet.h"

namespace sekisho {

TrafficClass classify_tcp(const Packet& packet, const ConnectionVerdict& connection);
TrafficClass classify_udp(const Packet& packet, const UdpVerdict& flow);
TrafficClass classify_other(const Packet& packet);

}  // namespace sekisho
