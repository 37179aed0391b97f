// From getifaddrs and the routing tables of /proc.
#include "input/interfaces.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/fd.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr unsigned kRouteUp = 1, kRouteReject = 0x200;  // RTF_UP, RTF_REJECT of <linux/route.h>

void add_unique(std::vector<std::string>& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

std::string text_of(const char* file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Calls `row` with the fields of each line.
void for_each_row(std::string_view text, auto row) {
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    row(fields);
  }
}

bool route_usable(const std::string& flags_hex) {
  unsigned flags = 0;
  std::from_chars(flags_hex.data(), flags_hex.data() + flags_hex.size(), flags, 16);
  return (flags & kRouteUp) && !(flags & kRouteReject);
}

// Calls `each` with every entry of getifaddrs: an interface without addresses has one too.
void for_each_interface(auto each) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return;
  for (const ifaddrs* i = list; i; i = i->ifa_next) each(*i);
  ::freeifaddrs(list);
}

}  // namespace

std::vector<std::string> default_route_interfaces(std::string_view route, std::string_view ipv6_route) {
  std::vector<std::string> names;
  for_each_row(route, [&](const auto& f) {  // Iface Destination Gateway Flags RefCnt Use Metric Mask ...
    if (f.size() >= 8 && f[1] == "00000000" && f[7] == "00000000" && route_usable(f[3])) add_unique(names, f[0]);
  });
  for_each_row(ipv6_route, [&](const auto& f) {  // destination length source length next_hop metric references use flags interface
    if (f.size() >= 10 && f[1] == "00" && f[0].find_first_not_of('0') == std::string::npos && f[9] != "lo" && route_usable(f[8]))
      add_unique(names, f[9]);
  });
  return names;
}

Result<Interface> find_interface(const std::string& name) {
  Interface found;
  found.name = name;
  found.index = name.empty() || name.size() >= IFNAMSIZ ? 0 : ::if_nametoindex(name.c_str());
  if (found.index == 0) {
    std::string others;
    for (const auto& other : all_interfaces()) others += (others.empty() ? "" : ", ") + other;
    return Error{fmt::format("there is no interface '{}'; this machine has: {}", escape_hostile(name, 32), others), ErrorKind::usage};
  }
  const Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
    return Error{fmt::format("interface '{}': cannot ask for its link type: {}", name, std::strerror(errno))};
  const auto hardware = request.ifr_hwaddr.sa_family;
  found.loopback = hardware == ARPHRD_LOOPBACK;
  found.has_link_header = hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK;
  if (::ioctl(socket.get(), SIOCGIFMTU, &request) == 0) found.mtu_bytes = static_cast<std::uint32_t>(request.ifr_mtu);
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  request.ifr_data = reinterpret_cast<char*>(&driver);
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) == 0) found.driver.assign(driver.driver, ::strnlen(driver.driver, sizeof driver.driver));
  return found;
}

std::vector<std::string> all_interfaces() {
  std::vector<std::string> names;
  for_each_interface([&](const ifaddrs& i) { add_unique(names, i.ifa_name); });
  return names;
}

std::vector<std::string> default_interfaces() {
  auto names = default_route_interfaces(text_of("/proc/net/route"), text_of("/proc/net/ipv6_route"));
  if (names.empty())
    for_each_interface([&](const ifaddrs& i) {
      if ((i.ifa_flags & IFF_UP) && !(i.ifa_flags & IFF_LOOPBACK)) add_unique(names, i.ifa_name);
    });
  return names;
}

std::vector<Network> local_networks() {
  std::vector<Network> networks;
  for_each_interface([&](const ifaddrs& i) {
    if (!i.ifa_addr) return;
    if (i.ifa_addr->sa_family == AF_INET) {
      sockaddr_in in{};
      std::memcpy(&in, i.ifa_addr, sizeof in);
      networks.push_back(host_network(address_from_v4(ntohl(in.sin_addr.s_addr))));
    } else if (i.ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 in{};
      std::memcpy(&in, i.ifa_addr, sizeof in);
      Address address;
      for (unsigned b = 0; b < 16; ++b)
        (b < 8 ? address.high : address.low) = (b < 8 ? address.high : address.low) << 8 | in.sin6_addr.s6_addr[b];
      networks.push_back(host_network(address));
    }
  });
  std::sort(networks.begin(), networks.end());
  networks.erase(std::unique(networks.begin(), networks.end()), networks.end());
  return networks;
}

}  // namespace sekisho
