/* The fast path: Ethernet, at most one VLAN tag, IPv4 without options or IPv6 without extension headers, whole TCP, UDP or ICMP headers
   in the linear part of the packet. That is nearly every packet; anything else goes to parse_any.h, which understands all that the C++
   decoder understands. */
#pragma once
#include "packet.h"

/* Returns 1 when the packet was understood to its end. `end` is one past the last byte that may be read, `left` what the link carries. */
SK_INLINE int sk_parse_transport(struct sk_packet *p, const __u8 *at, const __u8 *end, __u32 left) {
  if (p->protocol == SK_P_TCP) {
    if (left < 20 || at + 20 > end) return 0;
    const __u32 header = (at[12] >> 4) * 4;
    if (header < 20 || header > left) return 0;
    p->sport = SK_LOAD16(at), p->dport = SK_LOAD16(at + 2);
    p->tcp_flags = at[13] & 63;
    p->tcp_bare = header == 20;
    p->has_payload = left > header;
    p->headers += (__u8)header;
    return 1;
  }
  if (p->protocol == SK_P_UDP) {
    if (left < 8 || at + 8 > end) return 0;
    p->sport = SK_LOAD16(at), p->dport = SK_LOAD16(at + 2);
    p->headers += 8;
    if (left >= 12 && at + 12 <= end && *(const __u32 *)(at + 8) == 0xffffffff) return 0; /* perhaps a Source Engine query */
    return 1;
  }
  if (p->protocol == SK_P_ICMP || p->protocol == SK_P_ICMPV6) {
    if (left < 8 || at + 8 > end) return 0;
    p->icmp_type = at[0];
    return 1;
  }
  return 0;
}

SK_INLINE int sk_parse_fast(struct sk_packet *p, const __u8 *data, const __u8 *end, __u32 length, int has_link_header) {
  const __u8 *at = data;
  __u16 type;
  if (has_link_header) {
    if (at + 14 > end) return 0;
    type = *(const __u16 *)(at + 12);
    at += 14, length -= 14;
    if (type == bpf_htons(0x8100)) {
      if (at + 4 > end) return 0;
      type = *(const __u16 *)(at + 2);
      at += 4, length -= 4;
    }
  } else {
    if (at + 1 > end) return 0;
    type = at[0] >> 4 == 4 ? bpf_htons(0x0800) : at[0] >> 4 == 6 ? bpf_htons(0x86dd) : 0;
  }
  if (type == bpf_htons(0x0800)) {
    if (at + 20 > end || at[0] != 0x45) return 0;
    const __u32 total = SK_LOAD16(at + 2);
    if (total < 20 || total > length || (*(const __u16 *)(at + 6) & bpf_htons(0x3fff))) return 0;
    sk_set_ipv4(p, SK_LOAD32(at + 12), SK_LOAD32(at + 16));
    p->protocol = at[9];
    p->headers = (__u8)(at + 20 - data);
    return sk_parse_transport(p, at + 20, end, total - 20);
  }
  if (type == bpf_htons(0x86dd)) {
    if (at + 40 > end || at[0] >> 4 != 6) return 0;
    const __u32 payload = SK_LOAD16(at + 4);
    if (payload == 0 || payload + 40 > length) return 0;
    p->family = SK_IPV6;
    p->protocol = at[6];
    p->headers = (__u8)(at + 40 - data);
    p->src_high = SK_LOAD64(at + 8), p->src_low = SK_LOAD64(at + 16);
    p->dst_high = SK_LOAD64(at + 24), p->dst_low = SK_LOAD64(at + 32);
    return sk_parse_transport(p, at + 40, end, payload);
  }
  return 0;
}
