/* What the programs know of a packet, and how its bytes are read in XDP and in tc. */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "shared.h"

#define SK_INLINE static __always_inline

/* Where a program runs. Always a constant, so that each program keeps only its own branches. */
enum sk_hook { SK_XDP, SK_TC };

struct sk_packet {
  __u64 src_high, src_low, dst_high, dst_low; /* host order, IPv4 mapped */
  __u32 wire_bytes;
  __u16 sport, dport;
  __u16 segments;
  __u8 family, protocol;
  __u8 later_fragment, extensions; /* IPv6 extension headers or AH were passed; see SK_EXT_* */
  __u8 tcp_flags, tcp_bare;        /* the data offset says 20 bytes */
  __u8 has_payload, icmp_type;
  __u8 vse;
  __u8 headers; /* bytes in front of the payload; only of TCP and UDP on the fast path */
};
#define SK_EXT_ANY 1
#define SK_EXT_AH 2

#define SK_V4_MAPPED 0x0000ffff00000000ULL

enum { SK_P_ICMP = 1, SK_P_IGMP = 2, SK_P_IPIP = 4, SK_P_TCP = 6, SK_P_UDP = 17, SK_P_IPV6 = 41, SK_P_GRE = 47, SK_P_ESP = 50, SK_P_AH = 51,
       SK_P_ICMPV6 = 58, SK_P_SCTP = 132 };
enum { SK_FIN = 1, SK_SYN = 2, SK_RST = 4, SK_PSH = 8, SK_ACK = 16, SK_URG = 32 };

/* Packets may lie at any address; the processors that matter load from there at once. */
#define SK_LOAD16(at) bpf_ntohs(*(const __u16 *)(at))
#define SK_LOAD32(at) bpf_ntohl(*(const __u32 *)(at))
#define SK_LOAD64(at) bpf_be64_to_cpu(*(const __u64 *)(at))
SK_INLINE __u16 sk_be16(const __u8 *p) { return (__u16)(p[0] << 8 | p[1]); }
SK_INLINE __u32 sk_be32(const __u8 *p) { return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3]; }
SK_INLINE __u64 sk_be64(const __u8 *p) { return (__u64)sk_be32(p) << 32 | sk_be32(p + 4); }

SK_INLINE long sk_load(enum sk_hook hook, void *ctx, __u32 offset, void *into, __u32 size) {
  return hook == SK_XDP ? bpf_xdp_load_bytes(ctx, offset, into, size) : bpf_skb_load_bytes(ctx, offset, into, size);
}
SK_INLINE __u32 sk_length(enum sk_hook hook, void *ctx) {
  return hook == SK_XDP ? (__u32)bpf_xdp_get_buff_len(ctx) : ((struct __sk_buff *)ctx)->len;
}

SK_INLINE void sk_set_ipv4(struct sk_packet *p, __u32 src, __u32 dst) {
  p->family = SK_IPV4;
  p->src_high = 0, p->src_low = SK_V4_MAPPED | src;
  p->dst_high = 0, p->dst_low = SK_V4_MAPPED | dst;
}

#define SK_VSE_BYTES 25
SK_INLINE int sk_is_vse(const __u8 *payload) {
  const __u8 query[SK_VSE_BYTES + 1] = "\xff\xff\xff\xffTSource Engine Query";
#pragma unroll
  for (int i = 0; i < SK_VSE_BYTES; ++i)
    if (payload[i] != query[i]) return 0;
  return 1;
}
