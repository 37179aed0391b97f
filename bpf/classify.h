/* The class of a packet by its headers: the same answers as src/features/header_class.cpp, which a test compares packet for packet. */
#pragma once
#include "packet.h"

/* A bit for each port; filled by user space before the programs are loaded. */
const volatile __u64 sekisho_service_ports[1024] = {};
const volatile __u64 sekisho_device_ports[1024] = {};
#define SK_HAS_PORT(set, port) ((set)[(port) >> 6 & 1023] >> ((port)&63) & 1)

SK_INLINE __u32 sk_classify_tcp(const struct sk_packet *p) {
  switch (p->tcp_flags) {
    case 0: return SK_TCP_NULL;
    case SK_SYN: return p->tcp_bare ? SK_TCP_SYN_BARE : SK_TCP_SYN;
    case SK_SYN | SK_ACK: return SK_TCP_SYN_ACK;
    case SK_RST:
    case SK_RST | SK_ACK:
    case SK_RST | SK_PSH | SK_ACK: return SK_TCP_RST;
    case SK_FIN:
    case SK_FIN | SK_ACK:
    case SK_FIN | SK_PSH | SK_ACK: return SK_TCP_FIN;
    case SK_ACK:
    case SK_PSH | SK_ACK:
    case SK_ACK | SK_URG:
    case SK_PSH | SK_ACK | SK_URG: return p->has_payload ? SK_TCP_DATA : SK_TCP_ACK;
    case SK_FIN | SK_PSH | SK_URG: return SK_TCP_XMAS;
    default: return SK_TCP_ODD;
  }
}

SK_INLINE __u32 sk_classify_udp(const struct sk_packet *p) {
  if (p->vse) return SK_UDP_VSE;
  if (p->dport == 53 && p->sport != 53) return SK_DNS_QUERY;
  if (p->dport == 67 && (p->sport == 68 || p->sport == 67)) return SK_DHCP;
  return SK_HAS_PORT(sekisho_service_ports, p->sport) ? SK_UDP_SERVICE : SK_UDP;
}

SK_INLINE __u32 sk_classify_icmp(__u8 type, __u8 echo, __u8 reply, __u8 unreachable) {
  return type == echo ? SK_ICMP_ECHO : type == reply ? SK_ICMP_ECHO_REPLY : type == unreachable ? SK_ICMP_UNREACHABLE : SK_ICMP_OTHER;
}

SK_INLINE __u32 sk_classify(const struct sk_packet *p) {
  if (p->family == SK_NO_IP) return SK_NOT_IP;
  if (p->protocol == SK_P_TCP && !p->later_fragment) return sk_classify_tcp(p);
  if (p->protocol == SK_P_UDP && !p->later_fragment) return sk_classify_udp(p);
  if (p->protocol != SK_P_AH && p->protocol != SK_P_ESP && (p->extensions & SK_EXT_AH)) return SK_AH;
  if (p->later_fragment) return SK_FRAGMENT;
  switch (p->protocol) {
    case SK_P_ICMP: return sk_classify_icmp(p->icmp_type, 8, 0, 3);
    case SK_P_ICMPV6: return sk_classify_icmp(p->icmp_type, 128, 129, 1);
    case SK_P_GRE: return SK_GRE;
    case SK_P_IPIP:
    case SK_P_IPV6: return SK_IP_IN_IP;
    case SK_P_ESP: return SK_ESP;
    case SK_P_AH: return SK_AH;
    case SK_P_SCTP: return SK_SCTP;
    case SK_P_IGMP: return SK_IGMP;
    default: return p->extensions ? SK_IPV6_EXTENSION : SK_OTHER_IP;
  }
}
