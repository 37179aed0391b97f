// HeaderClass: what a packet is by its headers alone, without the state of connections; the exact counters of the kernel are kept by it.
#pragma once
#include <cstdint>

namespace sekisho {

// The same list as enum sekisho_class in bpf/shared.h.
enum class HeaderClass : std::uint8_t {
  not_ip,
  fragment,  // later fragments
  tcp_syn,
  tcp_syn_bare,  // without any option
  tcp_syn_ack,
  tcp_rst,
  tcp_fin,
  tcp_null,
  tcp_xmas,
  tcp_odd,
  tcp_ack,
  tcp_data,
  udp,
  udp_service,  // from the port of a service that amplifies
  udp_vse,
  dns_query,
  dhcp,
  icmp_echo,
  icmp_echo_reply,
  icmp_unreachable,
  icmp_other,
  gre,
  ip_in_ip,
  esp,
  ah,
  sctp,
  igmp,
  other_ip,
  ipv6_extension,
  count,
};

}  // namespace sekisho
