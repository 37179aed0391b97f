// The twin of bpf/classify.h.
#include "features/header_class.h"

#include <array>

#include "features/amplification.h"
#include "model/amplification.h"

namespace sekisho {
namespace {

std::array<bool, 65'536> make_service_ports() {
  std::array<bool, 65'536> ports{};
  for (const auto& v : amplification_vectors()) ports[v.port] = v.port != 0;
  return ports;
}

HeaderClass tcp_class(const Packet& p) {
  using enum HeaderClass;
  switch (p.tcp_flags & (kFin | kSyn | kRst | kPsh | kAck | kUrg)) {
    case 0: return tcp_null;
    case kSyn: return p.tcp_header_bytes == 20 ? tcp_syn_bare : tcp_syn;
    case kSyn | kAck: return tcp_syn_ack;
    case kRst:
    case kRst | kAck:
    case kRst | kPsh | kAck: return tcp_rst;
    case kFin:
    case kFin | kAck:
    case kFin | kPsh | kAck: return tcp_fin;
    case kAck:
    case kPsh | kAck:
    case kAck | kUrg:
    case kPsh | kAck | kUrg: return p.payload_bytes ? tcp_data : tcp_ack;
    case kFin | kPsh | kUrg: return tcp_xmas;
    default: return tcp_odd;
  }
}

HeaderClass udp_class(const Packet& p) {
  static const auto service_ports = make_service_ports();
  using enum HeaderClass;
  if (is_vse_query(p)) return udp_vse;
  if (p.dport == 53 && p.sport != 53) return dns_query;
  if (p.dport == 67 && (p.sport == 68 || p.sport == 67)) return dhcp;
  return service_ports[p.sport] ? udp_service : udp;
}

}  // namespace

HeaderClass header_class(const Packet& p) {
  using enum HeaderClass;
  if (p.family == 0) return not_ip;
  const bool whole = p.fragment != Fragment::later && !p.truncated;
  if (p.protocol == kTcp && whole) return tcp_class(p);
  if (p.protocol == kUdp && whole) return udp_class(p);
  if (p.protocol != kAh && p.protocol != kEsp && (p.ipv6_extensions & kExtAh)) return ah;
  if (p.fragment == Fragment::later) return fragment;
  switch (p.protocol) {
    case kIcmp: return p.icmp_type == 8 ? icmp_echo : p.icmp_type == 0 ? icmp_echo_reply : p.icmp_type == 3 ? icmp_unreachable : icmp_other;
    case kIcmpv6:
      return p.icmp_type == 128 ? icmp_echo : p.icmp_type == 129 ? icmp_echo_reply : p.icmp_type == 1 ? icmp_unreachable : icmp_other;
    case kGre: return gre;
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
