// Names of the model's enumerations.
#include <array>

#include "model/amplification.h"
#include "model/incident.h"
#include "model/log_event.h"

namespace sekisho {

std::string_view to_string(Direction direction) { return direction == Direction::ingress ? "ingress" : "egress"; }

std::string_view to_string(LogService service) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(LogService::count)> names{"other", "ssh", "telnet", "web", "firewall"};
  return names[static_cast<std::size_t>(service)];
}

std::string_view to_string(Malformed malformed) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Malformed::count)> names{"none",
                                                                                           "short_link",
                                                                                           "unknown_link",
                                                                                           "short_ip",
                                                                                           "bad_ip_version",
                                                                                           "bad_ip_header_length",
                                                                                           "bad_ip_total_length",
                                                                                           "short_transport",
                                                                                           "bad_tcp_header_length",
                                                                                           "bad_tcp_options",
                                                                                           "bad_udp_length",
                                                                                           "bad_ipv6_extension",
                                                                                           "too_many_headers",
                                                                                           "bad_fragment",
                                                                                           "short_tunnel"};
  return names[static_cast<std::size_t>(malformed)];
}

std::string_view to_string(TrafficClass c) {
  const auto i = index_of(c);
  constexpr auto first = index_of(TrafficClass::amp_first), last = index_of(TrafficClass::amp_last);
  if (i >= first && i <= last) {
    const auto vectors = amplification_vectors();
    return i - first < vectors.size() ? vectors[i - first].label : "amp_unused";
  }
  constexpr std::array<std::string_view, first> before{"tcp_syn",     "tcp_syn_bare",
                                                       "tcp_syn_ack", "tcp_syn_ack_unasked",
                                                       "tcp_ack",     "tcp_ack_unknown",
                                                       "tcp_data",    "tcp_data_stalled",
                                                       "tcp_rst",     "tcp_fin",
                                                       "tcp_null",    "tcp_xmas",
                                                       "tcp_odd",     "udp",
                                                       "udp_answer",  "udp_vse",
                                                       "dns_query",   "dns_answer_unasked_other",
                                                       "dhcp"};
  constexpr std::array<std::string_view, kTrafficClasses - last - 1> after{"icmp_echo",
                                                                           "icmp_echo_reply",
                                                                           "icmp_unreachable",
                                                                           "icmp_other",
                                                                           "gre_ip",
                                                                           "gre_ethernet",
                                                                           "gre_other",
                                                                           "ip_in_ip",
                                                                           "esp",
                                                                           "ah",
                                                                           "sctp",
                                                                           "igmp",
                                                                           "other_ip",
                                                                           "fragment",
                                                                           "ipv6_extension",
                                                                           "http_request",
                                                                           "tls_hello",
                                                                           "not_ip"};
  return i < first ? before[i] : after[i - last - 1];
}

}  // namespace sekisho
