// Data: programs that ordinarily hold raw or packet sockets, by the path of their executable (not by the name that a process gives itself).
#pragma once
#include <string_view>

#include "model/process.h"

namespace sekisho {

struct RawSocketOwner {
  std::string_view path;  // with * and ?, as in a shell
  std::string_view what;
};

inline constexpr RawSocketOwner kRawSocketOwners[] = {
    {"/usr/bin/ping*", "ping"},
    {"/bin/ping*", "ping"},
    {"/usr/bin/fping*", "ping"},
    {"/usr/bin/mtr-packet", "traceroute"},
    {"/usr/bin/traceroute*", "traceroute"},
    {"/usr/bin/tracepath*", "traceroute"},
    {"/usr/sbin/arping", "ARP ping"},
    {"/usr/bin/arping", "ARP ping"},
    {"/usr/sbin/dhclient", "DHCP client"},
    {"/sbin/dhclient", "DHCP client"},
    {"/usr/sbin/dhcpcd", "DHCP client"},
    {"/usr/sbin/udhcpc", "DHCP client"},
    {"/usr/lib/dhcpcd/dhcpcd", "DHCP client"},
    {"/lib/systemd/systemd-networkd", "network configuration"},
    {"/usr/lib/systemd/systemd-networkd", "network configuration"},
    {"/usr/sbin/NetworkManager", "network configuration"},
    {"/usr/lib/NetworkManager/*", "network configuration"},
    {"/usr/sbin/connmand", "network configuration"},
    {"/usr/sbin/dhcpd", "DHCP server"},
    {"/usr/sbin/kea-dhcp*", "DHCP server"},
    {"/usr/sbin/dnsmasq", "DHCP server"},
    {"/usr/sbin/radvd", "router advertisements"},
    {"/usr/sbin/keepalived", "VRRP"},
    {"/usr/lib/frr/*", "routing daemon"},
    {"/usr/sbin/bird*", "routing daemon"},
    {"/usr/sbin/ospfd", "routing daemon"},
    {"/usr/sbin/mrouted", "routing daemon"},
    {"/usr/sbin/pimd", "routing daemon"},
    {"/usr/sbin/lldpd", "LLDP"},
    {"/usr/sbin/lldpad", "LLDP"},
    {"/usr/sbin/wpa_supplicant", "Wi-Fi"},
    {"/sbin/wpa_supplicant", "Wi-Fi"},
    {"/usr/sbin/hostapd", "Wi-Fi"},
    {"/usr/sbin/pppoe*", "PPPoE"},
    {"/usr/sbin/pppd", "PPP"},
    {"/usr/lib/ipsec/charon*", "IPsec"},
    {"/usr/libexec/ipsec/pluto", "IPsec"},
    {"/usr/bin/tcpdump", "capture"},
    {"/usr/sbin/tcpdump", "capture"},
    {"/usr/bin/dumpcap", "capture"},
    {"/usr/bin/suricata", "intrusion detection"},
    {"/usr/sbin/suricata", "intrusion detection"},
    {"/usr/bin/zeek", "intrusion detection"},
    {"/opt/zeek/bin/zeek", "intrusion detection"},
    {"/usr/sbin/snort", "intrusion detection"},
    {"/usr/sbin/arpwatch", "ARP watch"},
    {"/usr/sbin/softflowd", "flow export"},
    {"/usr/sbin/fprobe*", "flow export"},
    {"/usr/sbin/argus", "flow export"},
    {"/usr/sbin/fastnetmon", "DDoS detection"},
    {"/usr/bin/smokeping", "latency measurement"},
    {"/usr/sbin/smokeping*", "latency measurement"},
    {"/usr/sbin/zabbix_server*", "monitoring"},
    {"/usr/sbin/icinga2", "monitoring"},
    {"/usr/lib/nagios/plugins/*", "monitoring"},
    {"/usr/bin/dockerd", "container network"},
    {"/usr/bin/docker-proxy", "container network"},
    {"/usr/local/bin/cilium-agent", "container network"},
    {"/usr/bin/cilium-agent", "container network"},
    {"/usr/bin/sekisho", "this program"},
    {"/usr/local/bin/sekisho", "this program"},
    {"/usr/sbin/sekisho", "this program"},
};

// Whether the process is one of these; a deleted or container's file is nobody's known program.
bool is_raw_socket_owner(const Process& process);

}  // namespace sekisho
