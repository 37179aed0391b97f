// The text formats of /proc (proc(5)), parsed: pure functions from the bytes of one file to data. Malformed lines are skipped.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/process.h"

namespace sekisho {

// /proc/PID/stat: comm, parent, flags and start. False when it is none.
bool parse_stat(std::string_view text, Process& into);
// /proc/PID/status: the effective user.
std::int64_t parse_effective_uid(std::string_view text);
// /proc/PID/cmdline: arguments ended by NUL.
std::vector<std::string> parse_arguments(std::string_view text);
// /proc/PID/cgroup: cgroup, unit and container. The unified hierarchy ("0::/path") wins over systemd's of cgroup v1 ("name=systemd").
void parse_cgroup(std::string_view text, Process& into);
// "mnt:[4026531841]" and "socket:[123]": the number.
std::optional<std::uint64_t> parse_bracketed(std::string_view text, std::string_view prefix);
// What a "/path (deleted)" link says.
void parse_exe_link(std::string_view text, Process& into);

// /proc/net/{tcp,tcp6,udp,udp6,raw,raw6}, at most max_sockets appended; false when there are more.
bool parse_inet_sockets(std::string_view text, SocketKind kind, bool v6, std::size_t max_sockets, std::vector<HostSocket>& out);
// /proc/net/packet.
bool parse_packet_sockets(std::string_view text, std::size_t max_sockets, std::vector<HostSocket>& out);

// /proc/net/route and /proc/net/ipv6_route: the interfaces of default routes that are up, each once.
std::vector<std::string> parse_default_routes(std::string_view text, bool v6);

// /proc/net/fib_trie (IPv4) and /proc/net/if_inet6: the addresses of this host, without loopback and link-local ones, each once.
std::vector<Address> parse_own_addresses(std::string_view fib_trie, std::string_view if_inet6);

struct Mount {
  std::string point, type, source;  // "/run/x", "overlay", "overlay"
};
// /proc/PID/mountinfo.
std::vector<Mount> parse_mounts(std::string_view text);

}  // namespace sekisho
