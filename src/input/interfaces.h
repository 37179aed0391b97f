// Which interfaces and addresses this host has.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/address.h"

namespace sekisho {

struct Interface {
  std::string name;
  unsigned index = 0;           // of the kernel
  bool has_link_header = true;  // else its packets begin with the IP header
  bool loopback = false;
  std::string driver;  // "veth", "virtio_net", ...; empty when it does not say
  std::uint32_t mtu_bytes = 1500;
};
// The error names the interfaces that exist.
Result<Interface> find_interface(const std::string& name);

// Interfaces that exist here, up or not.
std::vector<std::string> all_interfaces();
// Those with a default route; without any, all that are up but the loopback.
std::vector<std::string> default_interfaces();
// Every address of this host.
std::vector<Network> local_networks();

// The interfaces of the default routes in the text of /proc/net/route and /proc/net/ipv6_route, each once.
std::vector<std::string> default_route_interfaces(std::string_view route, std::string_view ipv6_route);

}  // namespace sekisho
