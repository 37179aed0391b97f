// What this machine says must never be blocked: its own addresses and networks, gateways, name and time servers, peers of SSH sessions.
#pragma once
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "base/rooted_folder.h"
#include "model/address.h"
#include "response/never_block.h"

namespace sekisho {

// Everything but SSH: from the interfaces and the files of this machine. Reads files of at most a few hundred KiB each.
std::vector<NeverEntry> find_never(const RootedFolder& files);
// The other ends of SSH sessions here whose login succeeded, and of this process's own session.
// `before`: the last look, which holds as long as the same sockets are open.
struct SshLook {
  std::set<std::uint64_t> sockets;
  std::vector<NeverEntry> peers;
  bool waiting = false;  // somebody may be about to sign in: look again soon
};
void find_ssh_peers(const RootedFolder& files, SshLook& before);

// The parts, from text; what is not understood is passed over.
std::vector<Address> parse_name_servers(std::string_view resolv_conf);       // "nameserver 192.0.2.53"
std::vector<Address> parse_time_servers(std::string_view text);              // ntp.conf, chrony.conf, timesyncd.conf: addresses, no names
std::vector<Address> parse_gateways(std::string_view route_table, bool v6);  // /proc/net/route, /proc/net/ipv6_route
// Connected UDP sockets whose other end is port 123.
std::vector<Address> parse_time_sockets(std::string_view udp_table, bool v6);

}  // namespace sekisho
