// Which interfaces and addresses this host has.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"

namespace sekisho {

// Interfaces that exist here, up or not.
std::vector<std::string> all_interfaces();
// Those with a default route; without any, all that are up but the loopback.
std::vector<std::string> default_interfaces();
// Every address of this host.
std::vector<Network> local_networks();

// The interfaces of the default routes in the text of /proc/net/route and /proc/net/ipv6_route, each once.
std::vector<std::string> default_route_interfaces(std::string_view route, std::string_view ipv6_route);

}  // namespace sekisho
