// getifaddrs, /proc/net and a dozen configuration files.
#include "response/never_sources.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <unistd.h>
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "model/proc_text.h"
#include "response/session.h"

namespace sekisho {
namespace {

constexpr std::size_t kConfigBytes = 256 << 10, kTableBytes = 4 << 20, kMostSockets = 100'000;
constexpr std::uint16_t kNtpPort = 123;
constexpr unsigned kRouteGateway = 2;  // RTF_GATEWAY of <linux/route.h>

// Calls `use` with the words of each line; comments end a line.
void for_each_line(std::string_view text, auto use) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find_first_of("#;"));
    std::vector<std::string_view> words;
    while (!line.empty()) {
      const auto from = line.find_first_not_of(" \t\r");
      if (from == std::string_view::npos) break;
      const auto to = std::min(line.find_first_of(" \t\r", from), line.size());
      words.push_back(line.substr(from, to - from));
      line.remove_prefix(to);
    }
    if (!words.empty()) use(words);
  }
}

std::optional<Address> address_in(std::string_view text) {
  if (text.starts_with('[')) text = text.substr(1, text.find(']') == std::string_view::npos ? text.npos : text.find(']') - 1);
  text = text.substr(0, text.find('%'));
  return parse_address(text);
}

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Address> hexadecimal_v6(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Address a;
  const auto half = [](std::string_view digits, std::uint64_t& into) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into, 16);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  if (!half(text.substr(0, 16), a.high) || !half(text.substr(16), a.low)) return std::nullopt;
  return a;
}

std::optional<Address> address_of(const sockaddr* s) {
  if (s && s->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, s, sizeof in);
    return address_from_v4(ntohl(in.sin_addr.s_addr));
  }
  if (s && s->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, s, sizeof in);
    Address a;
    for (unsigned i = 0; i < 16; ++i) (i < 8 ? a.high : a.low) = (i < 8 ? a.high : a.low) << 8 | in.sin6_addr.s6_addr[i];
    return a;
  }
  return std::nullopt;
}

unsigned bits_of_mask(const sockaddr* mask) {
  const auto a = address_of(mask);
  if (!a) return 128;
  if (mask->sa_family == AF_INET) return 96U + static_cast<unsigned>(std::popcount(v4_value(*a)));
  return static_cast<unsigned>(std::popcount(a->high) + std::popcount(a->low));
}

void add_interfaces(std::vector<NeverEntry>& out) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return;
  for (const ifaddrs* i = list; i; i = i->ifa_next) {
    const auto address = address_of(i->ifa_addr);
    if (!address) continue;
    out.push_back({host_network(*address), NeverKind::self});
    if (i->ifa_flags & IFF_LOOPBACK) continue;
    if (const auto bits = bits_of_mask(i->ifa_netmask); bits < 128)
      out.push_back({{masked(*address, bits), static_cast<std::uint8_t>(bits)}, NeverKind::network});
    if (i->ifa_flags & IFF_POINTOPOINT)
      if (const auto other = address_of(i->ifa_dstaddr)) out.push_back({host_network(*other), NeverKind::gateway});
  }
  ::freeifaddrs(list);
}

}  // namespace

std::vector<Address> parse_name_servers(std::string_view text) {
  std::vector<Address> out;
  for_each_line(text, [&](const auto& words) {
    if (words.size() < 2 || words[0] != "nameserver") return;
    if (const auto a = address_in(words[1])) out.push_back(*a);
  });
  return out;
}

std::vector<Address> parse_time_servers(std::string_view text) {
  std::vector<Address> out;
  const auto take = [&](std::string_view word) {
    if (const auto a = address_in(word)) out.push_back(*a);
  };
  for_each_line(text, [&](const auto& words) {
    // ntp.conf and chrony.conf: "server 192.0.2.1 iburst", "pool", "peer"; "server -4 192.0.2.1" is ntp's.
    if (words[0] == "server" || words[0] == "pool" || words[0] == "peer") {
      for (std::size_t i = 1; i < words.size() && i < 4; ++i) take(words[i]);
      return;
    }
    // timesyncd.conf, resolved.conf, networkd's links: "NTP=192.0.2.1 ntp.example", "DNS=192.0.2.53#name"
    for (const std::string_view key : {"NTP=", "FallbackNTP=", "DNS=", "FallbackDNS="})
      if (words[0].starts_with(key)) {
        take(words[0].substr(key.size()).substr(0, words[0].substr(key.size()).find('#')));
        for (std::size_t i = 1; i < words.size(); ++i) take(words[i].substr(0, words[i].find('#')));
      }
  });
  return out;
}

std::vector<Address> parse_gateways(std::string_view text, bool v6) {
  std::vector<Address> out;
  for_each_line(text, [&](const auto& f) {
    if (!v6) {  // Iface Destination Gateway Flags ...: little-endian, as the machine keeps it
      if (f.size() < 4) return;
      const auto gateway = hexadecimal(f[2]), flags = hexadecimal(f[3]);
      if (gateway && flags && *gateway && (*flags & kRouteGateway)) out.push_back(address_from_v4(ntohl(*gateway)));
      return;
    }
    if (f.size() < 10) return;  // destination length source length next_hop metric references use flags interface
    const auto gateway = hexadecimal_v6(f[4]);
    const auto flags = hexadecimal(f[8]);
    if (gateway && flags && *gateway != Address{} && (*flags & kRouteGateway)) out.push_back(*gateway);
  });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<Address> parse_time_sockets(std::string_view text, bool v6) {
  std::vector<HostSocket> sockets;
  parse_inet_sockets(text, SocketKind::udp, v6, kMostSockets, sockets);
  std::vector<Address> out;
  for (const auto& s : sockets)
    if (s.remote_port == kNtpPort && s.remote != Address{}) out.push_back(s.remote);
  return out;
}

std::vector<NeverEntry> find_never(const RootedFolder& files) {
  std::vector<NeverEntry> out;
  add_interfaces(out);
  // Neighbours and routers of IPv6, and what clouds answer with (time, names, credentials).
  for (const auto* text : {"fe80::/10", "169.254.0.0/16"}) out.push_back({*parse_network(text), NeverKind::network});
  const auto text = [&](const std::string& path, std::size_t most) {
    auto read = files.read(path, most);
    return read.ok() ? std::move(read.value().text) : std::string{};
  };
  const auto add = [&](const std::vector<Address>& list, NeverKind kind) {
    for (const auto& a : list) out.push_back({host_network(a), kind});
  };
  add(parse_gateways(text("/proc/net/route", kTableBytes), false), NeverKind::gateway);
  add(parse_gateways(text("/proc/net/ipv6_route", kTableBytes), true), NeverKind::gateway);
  for (const auto* path : {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/resolv.conf",
                           "/run/NetworkManager/no-stub-resolv.conf", "/etc/resolvconf/resolv.conf.d/base"})
    add(parse_name_servers(text(path, kConfigBytes)), NeverKind::name_server);
  add(parse_time_servers(text("/etc/systemd/resolved.conf", kConfigBytes)), NeverKind::name_server);
  std::vector<std::string> paths{"/etc/ntp.conf",           "/etc/ntpsec/ntp.conf", "/etc/openntpd/ntpd.conf",
                                 "/etc/chrony/chrony.conf", "/etc/chrony.conf",     "/etc/systemd/timesyncd.conf"};
  for (const auto* folder :
       {"/etc/chrony/sources.d", "/etc/chrony/conf.d", "/run/chrony-dhcp", "/etc/systemd/timesyncd.conf.d", "/etc/systemd/resolved.conf.d"})
    if (const auto list = files.list(folder, 64); list.ok())
      for (const auto& entry : list.value()) paths.push_back(entry.path);
  for (const auto& path : paths) add(parse_time_servers(text(path, kConfigBytes)), NeverKind::time_server);
  add(parse_time_sockets(text("/proc/net/udp", kTableBytes), false), NeverKind::time_server);
  add(parse_time_sockets(text("/proc/net/udp6", kTableBytes), true), NeverKind::time_server);
  return out;
}

void find_ssh_peers(const RootedFolder& files, SshLook& before) {
  const char* variable = std::getenv("SSH_CONNECTION");
  timespec now{}, up{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  auto ssh = ssh_sockets(files, ::getpid(), now.tv_sec - up.tv_sec);
  before.waiting = ssh.waiting;
  auto sockets = ssh.signed_in;
  for (const auto& above : ssh.above) sockets.insert(above.inodes.begin(), above.inodes.end());
  if (!before.peers.empty() && sockets == before.sockets) return;
  if (sockets.empty()) ssh = {};  // nobody's connection: nothing to look up
  before.sockets = std::move(sockets);
  before.peers.clear();
  const auto session = session_of(files, ssh, variable ? variable : "");
  if (session.ssh) before.peers.push_back({host_network(session.ssh->address), NeverKind::ssh_peer});
  for (const auto& peer : session.signed_in) before.peers.push_back({host_network(peer.address), NeverKind::ssh_peer});
}

}  // namespace sekisho
