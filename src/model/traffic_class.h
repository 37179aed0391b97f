// TrafficClass: every packet belongs to exactly one class; floods are judged on the classes' excess over normal.
#pragma once
#include <bitset>
#include <cstdint>
#include <string_view>

namespace sekisho {

enum class TrafficClass : std::uint8_t {
  // TCP by flags and state
  tcp_syn,       // SYN with options (a stack, or Mirai's SYN flood)
  tcp_syn_bare,  // SYN without any option (scanners, hping)
  tcp_syn_ack,   // SYN-ACK that answers a SYN of ours
  tcp_syn_ack_unasked,
  tcp_ack,           // pure ACK of a known connection
  tcp_ack_unknown,   // ACK without a known connection, with or without payload
  tcp_data,          // payload on a known connection
  tcp_data_stalled,  // payload on a known connection whose sequence numbers do not advance (STOMP)
  tcp_rst,
  tcp_fin,
  tcp_null,
  tcp_xmas,
  tcp_odd,  // no flags; FIN+PSH+URG; any other combination that no stack sends
  // UDP
  udp,
  udp_answer,  // udp_answer: asked for by this side within 10 s
  udp_vse,     // A2S "TSource Engine Query"
  dns_query,
  dns_answer_unasked_other,  // DNS to port 53; DNS shaped answers that the amplification table does not cover
  dhcp,
  amp_first,  // amplification vectors follow, one class each, in the order of the table in features/amplification.cpp
  amp_last = amp_first + 47,
  // others
  icmp_echo,
  icmp_echo_reply,
  icmp_unreachable,
  icmp_other,
  gre_ip,
  gre_ethernet,
  gre_other,
  ip_in_ip,
  esp,
  ah,
  sctp,
  igmp,
  other_ip,
  fragment,        // later fragments not attributed to anything (first fragments count as what they carry)
  ipv6_extension,  // IPv6 with hop-by-hop, routing, destination or AH headers and no TCP/UDP behind them
  http_request,    // first payload bytes are an HTTP request on a known connection
  tls_hello,       // a TLS ClientHello
  not_ip,          // ARP and so on
  count,
};
constexpr std::size_t kTrafficClasses = static_cast<std::size_t>(TrafficClass::count);
constexpr std::size_t kMaxAmplificationVectors = 48;
using TrafficClassSet = std::bitset<kTrafficClasses>;
constexpr std::size_t index_of(TrafficClass c) { return static_cast<std::size_t>(c); }

std::string_view to_string(TrafficClass c);  // "tcp_syn"; amplification classes by their label

}  // namespace sekisho
