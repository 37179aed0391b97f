// Traffic classes by header, state of the connection and first payload bytes.
#include "features/classify.h"

#include "features/amplification.h"

namespace sekisho {

TrafficClass classify_tcp(const Packet& p, const ConnectionVerdict& c) {
  using enum TrafficClass;
  if (p.fragment == Fragment::later) return fragment;
  const unsigned flags = p.tcp_flags & (kFin | kSyn | kRst | kPsh | kAck | kUrg);
  switch (flags) {
    case 0: return tcp_null;
    case kSyn: return p.tcp_header_bytes == 20 ? tcp_syn_bare : tcp_syn;
    case kSyn | kAck: return c.both_ways ? tcp_syn_ack : tcp_syn_ack_unasked;
    case kRst:
    case kRst | kAck:
    case kRst | kPsh | kAck: return c.both_ways ? tcp_ack : tcp_rst;
    case kFin | kAck:
    case kFin | kPsh | kAck:
      if (c.known || c.both_ways) return p.payload_bytes ? tcp_data : tcp_ack;
      return p.payload_bytes ? tcp_ack_unknown : tcp_fin;
    case kAck:
    case kPsh | kAck:
    case kAck | kUrg:
    case kPsh | kAck | kUrg: break;
    case kFin | kPsh | kUrg: return tcp_xmas;
    case kFin: return tcp_fin;
    default: return tcp_odd;
  }
  if (!c.known && !c.both_ways) return tcp_ack_unknown;
  if (p.payload_bytes == 0) return tcp_ack;
  if (c.stalled) return tcp_data_stalled;
  if (is_http_request(p)) return http_request;
  if (is_tls_client_hello(p)) return tls_hello;
  return tcp_data;
}

TrafficClass classify_udp(const Packet& p, const UdpVerdict& flow) {
  using enum TrafficClass;
  if (p.fragment == Fragment::later) return fragment;
  if (is_vse_query(p)) return udp_vse;
  if (p.dport == 53 && p.sport != 53) return dns_query;
  if (p.dport == 67 && (p.sport == 68 || p.sport == 67)) return dhcp;
  if (flow.answer) {
    // Answers that were asked for are ordinary traffic towards us, and the mark of a reflector when it is us who answer.
    if (p.direction == Direction::egress)
      if (const auto match = match_amplification(p); match && match->payload_matches)
        return static_cast<TrafficClass>(index_of(amp_first) + match->vector);
    return udp_answer;
  }
  if (const auto match = match_amplification(p)) {
    // A port alone is a weak sign: high ports such as 27015 or 3478 are also clients' and games' own ports.
    const bool service_port = p.sport < 1024 && p.dport >= 1024;
    if (match->payload_matches || service_port) return static_cast<TrafficClass>(index_of(amp_first) + match->vector);
  }
  if (p.dport == 53) return dns_query;
  if (p.sport == 53) return dns_answer_unasked_other;
  return udp;
}

TrafficClass classify_other(const Packet& p) {
  using enum TrafficClass;
  if (p.family == 0) return not_ip;
  if (p.protocol != kAh && p.protocol != kEsp && (p.ipv6_extensions & kExtAh)) return ah;
  if (p.fragment == Fragment::later) return fragment;
  switch (p.protocol) {
    case kIcmp: return p.icmp_type == 8 ? icmp_echo : p.icmp_type == 0 ? icmp_echo_reply : p.icmp_type == 3 ? icmp_unreachable : icmp_other;
    case kIcmpv6:
      return p.icmp_type == 128 ? icmp_echo : p.icmp_type == 129 ? icmp_echo_reply : p.icmp_type == 1 ? icmp_unreachable : icmp_other;
    case kGre: return p.inner.tunnel == Tunnel::gre_ip ? gre_ip : p.inner.tunnel == Tunnel::gre_ethernet ? gre_ethernet : gre_other;
    case kIpip:
    case kIpv6InIp: return ip_in_ip;
    case kEsp: return esp;
    case kAh: return ah;
    case kSctp: return sctp;
    case kIgmp: return igmp;
    default: return p.ipv6_extensions ? ipv6_extension : other_ip;
  }
}

}  // namespace sekisho
