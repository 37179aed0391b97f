// Endpoints: who talks to whom in a handful of packets; the material from which the local side is inferred.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/packet.h"

namespace sekisho {

// One address and what it did in unicast IP packets.
struct Endpoint {
  Address address;
  std::uint64_t mac = 0;  // the one that it was seen behind; 0 unknown or several
  bool several_macs = false;
  std::uint32_t host = 0;  // index in Endpoints::hosts
};
// One machine as far as the link shows: addresses of both families behind one MAC, or a single address.
struct Host {
  std::vector<std::uint32_t> endpoints;
  std::uint64_t packets = 0;  // in which it takes part
};
struct Contact {                   // directed
  std::uint32_t src = 0, dst = 0;  // indices of endpoints
  std::uint32_t packets = 0;
  std::uint32_t syns = 0, syn_acks = 0;
  std::uint32_t near = 0, far = 0;  // by TTL: as the sender set it; at least kFarHops below
};
constexpr unsigned kFarHops = 5;

struct Endpoints {
  std::vector<Endpoint> endpoints;  // sorted by address
  std::vector<Host> hosts;
  std::vector<Contact> contacts;  // sorted by (src, dst)
  std::uint64_t packets = 0;      // unicast IP packets that were looked at
};
Endpoints collect_endpoints(std::span<const Packet> packets);

}  // namespace sekisho
