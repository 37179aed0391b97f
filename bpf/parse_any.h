/* The complete parser: every link header, option, fragment and extension header that src/decode understands, with the same bounds and the
   same answers for malformed packets. It reads through helpers, so that it does not matter where in memory the bytes lie. Slow and rare. */
#pragma once
#include "packet.h"

#define SK_MAX_LINK_HEADERS 16 /* the bounds of src/decode/layers.h */
#define SK_MAX_MPLS_LABELS 16
#define SK_MAX_EXTENSIONS 16

/* A place in the packet. The packet ends at `end`: what follows is padding or another layer's trailer. */
struct sk_place {
  __u32 at, end;
};
SK_INLINE int sk_has(const struct sk_place *c, __u32 bytes) { return c->at + bytes <= c->end; }
SK_INLINE void sk_limit(struct sk_place *c, __u32 length) {
  if (length < c->end - c->at) c->end = c->at + length;
}
/* Reads without moving on; 0 when the packet is too short. */
SK_INLINE int sk_peek(enum sk_hook hook, void *ctx, const struct sk_place *c, __u32 skip, __u8 *into, __u32 bytes) {
  return sk_has(c, skip + bytes) && sk_load(hook, ctx, c->at + skip, into, bytes) == 0;
}

/* The network layer behind the link headers: 4, 6 or 0. */
SK_INLINE int sk_network_of(__u16 type) { return type == 0x0800 ? 4 : type == 0x86dd ? 6 : 0; }

SK_INLINE int sk_below_llc(enum sk_hook hook, void *ctx, struct sk_place *c) {
  __u8 b[8];
  if (!sk_peek(hook, ctx, c, 0, b, 3)) return 0;
  if (b[0] == 0x06 && b[1] == 0x06 && b[2] == 0x03) {
    c->at += 3;
    return 4;
  }
  if (b[0] != 0xaa || b[1] != 0xaa || !sk_peek(hook, ctx, c, 0, b, 8)) return 0;
  const __u32 organisation = sk_be32(b + 2) & 0xffffff;
  if (organisation != 0 && organisation != 0xf8) return 0;
  c->at += 8;
  return sk_network_of(sk_be16(b + 6));
}

SK_INLINE int sk_below_ppp(enum sk_hook hook, void *ctx, struct sk_place *c) {
  __u8 b[2];
  if (!sk_peek(hook, ctx, c, 0, b, 2)) return 0;
  if (b[0] == 0xff && b[1] == 0x03) {
    c->at += 2;
    if (!sk_peek(hook, ctx, c, 0, b, 2)) return 0;
  }
  __u16 protocol = b[0];
  if (protocol & 1) {
    c->at += 1;
  } else {
    protocol = sk_be16(b);
    c->at += 2;
  }
  return protocol == 0x21 ? 4 : protocol == 0x57 ? 6 : 0;
}

SK_INLINE int sk_below_pppoe(enum sk_hook hook, void *ctx, struct sk_place *c) {
  __u8 b[6];
  if (!sk_peek(hook, ctx, c, 0, b, 6) || b[1] != 0) return 0;
  c->at += 6;
  sk_limit(c, sk_be16(b + 4));
  return sk_below_ppp(hook, ctx, c);
}

SK_INLINE int sk_below_mpls(enum sk_hook hook, void *ctx, struct sk_place *c) {
  __u8 b[4];
  int bottom = 0;
  for (int label = 0; label < SK_MAX_MPLS_LABELS && !bottom; ++label) {
    if (!sk_peek(hook, ctx, c, 0, b, 4)) return 0;
    bottom = b[2] & 1;
    c->at += 4;
  }
  if (!bottom || !sk_peek(hook, ctx, c, 0, b, 1)) return 0;
  const __u8 version = b[0] >> 4;
  if (version == 4 || version == 6) return version;
  if (version != 0 || !sk_has(c, 18) || !sk_peek(hook, ctx, c, 16, b, 2)) return 0; /* a pseudo-wire's control word, then Ethernet */
  c->at += 18;
  return sk_network_of(sk_be16(b));
}

SK_INLINE int sk_below_ethernet(enum sk_hook hook, void *ctx, struct sk_place *c) {
  __u8 b[4];
  if (!sk_has(c, 14) || !sk_peek(hook, ctx, c, 12, b, 2)) return 0;
  __u16 type = sk_be16(b);
  c->at += 14;
  for (int headers = 0; headers < SK_MAX_LINK_HEADERS; ++headers) {
    if (type < 0x0600) {
      if (type != 0) sk_limit(c, type);
      return sk_below_llc(hook, ctx, c);
    }
    switch (type) {
      case 0x8100:
      case 0x88a8:
      case 0x9100:
      case 0x9200:
        if (!sk_peek(hook, ctx, c, 0, b, 4)) return 0;
        type = sk_be16(b + 2);
        c->at += 4;
        break;
      case 0x8847:
      case 0x8848: return sk_below_mpls(hook, ctx, c);
      case 0x8864: return sk_below_pppoe(hook, ctx, c);
      case 0x880b: return sk_below_ppp(hook, ctx, c);
      default: return sk_network_of(type);
    }
  }
  return type < 0x0600 ? sk_below_llc(hook, ctx, c) : 0;
}

/* UDP's length field shortens the payload, unless it is nonsense or counts other fragments. */
SK_INLINE void sk_look_for_vse(enum sk_hook hook, void *ctx, struct sk_packet *p, struct sk_place c, __u32 udp_length, int first_fragment) {
  __u8 b[SK_VSE_BYTES];
  if (udp_length >= 8 && (udp_length <= c.end - c.at || first_fragment)) sk_limit(&c, udp_length);
  if (sk_peek(hook, ctx, &c, 8, b, SK_VSE_BYTES)) p->vse = sk_is_vse(b);
}

SK_INLINE int sk_is_decodable(__u8 protocol) {
  switch (protocol) {
    case SK_P_ICMP:
    case SK_P_ICMPV6:
    case SK_P_TCP:
    case SK_P_UDP:
    case SK_P_SCTP:
    case SK_P_GRE:
    case SK_P_IPIP:
    case SK_P_IPV6:
    case SK_P_ESP: return 1;
    default: return 0;
  }
}

/* p->protocol at c, which ends where the IP packet ends. */
SK_INLINE void sk_transport(enum sk_hook hook, void *ctx, struct sk_packet *p, struct sk_place *c, int first_fragment) {
  __u8 b[16];
  __u8 protocol = p->protocol;
  if (protocol == SK_P_AH) { /* IPv4's; what it protects is readable behind it */
    p->protocol = SK_P_AH;
    p->extensions |= SK_EXT_ANY | SK_EXT_AH;
    int headers = 0;
    for (; headers < SK_MAX_EXTENSIONS; ++headers) {
      if (!sk_has(c, 12) || !sk_peek(hook, ctx, c, 0, b, 2)) return;
      const __u32 bytes = (b[1] + 2U) * 4;
      if (bytes < 12 || !sk_has(c, bytes)) return;
      c->at += bytes;
      if (b[0] != SK_P_AH) break;
    }
    if (headers == SK_MAX_EXTENSIONS || !sk_is_decodable(b[0])) return;
    protocol = b[0];
  }
  p->protocol = protocol;
  if (protocol == SK_P_TCP) {
    if (sk_peek(hook, ctx, c, 0, b, 14)) {
      p->sport = sk_be16(b), p->dport = sk_be16(b + 2);
      p->tcp_flags = b[13] & 63;
      p->tcp_bare = b[12] >> 4 == 5;
      const __u32 header = (b[12] >> 4) * 4, left = c->end - c->at;
      p->has_payload = left >= 20 && left > (header < 20 || header > left ? 20 : header);
    } else if (sk_peek(hook, ctx, c, 0, b, 4)) {
      p->sport = sk_be16(b), p->dport = sk_be16(b + 2);
    }
  } else if (protocol == SK_P_UDP) {
    if (sk_peek(hook, ctx, c, 0, b, 4)) p->sport = sk_be16(b), p->dport = sk_be16(b + 2);
    if (sk_peek(hook, ctx, c, 0, b, 8)) sk_look_for_vse(hook, ctx, p, *c, sk_be16(b + 4), first_fragment);
  } else if (protocol == SK_P_ICMP || protocol == SK_P_ICMPV6) {
    if (sk_peek(hook, ctx, c, 0, b, 2)) p->icmp_type = b[0];
  }
}

/* Each returns 1 when a transport header follows at c, 3 when that is the first fragment's. */
enum { SK_DONE = 0, SK_TRANSPORT = 1, SK_FIRST_FRAGMENT = 2 };

SK_INLINE int sk_ipv4(enum sk_hook hook, void *ctx, struct sk_packet *p, struct sk_place *c) {
  __u8 b[20];
  if (!sk_peek(hook, ctx, c, 0, b, 20) || b[0] >> 4 != 4) return SK_DONE;
  sk_set_ipv4(p, sk_be32(b + 12), sk_be32(b + 16));
  p->protocol = b[9];
  const __u32 header = (b[0] & 15) * 4U;
  __u32 total = sk_be16(b + 2);
  if (total == 0) total = c->end - c->at;
  if (header < 20 || total < header) return SK_DONE;
  sk_limit(c, total);
  if (!sk_has(c, header)) return SK_DONE;
  c->at += header;
  const __u16 fragment = sk_be16(b + 6);
  if (fragment & 0x1fff) {
    p->later_fragment = 1;
    return SK_DONE;
  }
  return fragment & 0x2000 ? SK_TRANSPORT | SK_FIRST_FRAGMENT : SK_TRANSPORT;
}

SK_INLINE int sk_ipv6(enum sk_hook hook, void *ctx, struct sk_packet *p, struct sk_place *c) {
  __u8 b[40];
  if (!sk_peek(hook, ctx, c, 0, b, 40) || b[0] >> 4 != 6) return SK_DONE;
  p->family = SK_IPV6;
  p->src_high = sk_be64(b + 8), p->src_low = sk_be64(b + 16);
  p->dst_high = sk_be64(b + 24), p->dst_low = sk_be64(b + 32);
  p->protocol = b[6];
  __u32 total = sk_be16(b + 4) + 40U;
  if (total == 40 && b[6] != 59) total = c->end - c->at;
  sk_limit(c, total);
  c->at += 40;
  return SK_TRANSPORT;
}

SK_INLINE int sk_is_extension(__u8 next) {
  return next == 0 || next == 43 || next == 60 || next == 135 || next == 139 || next == 140 || next == 44 || next == SK_P_AH;
}

/* Passes one extension header of IPv6, p->protocol. */
SK_INLINE int sk_extension(enum sk_hook hook, void *ctx, struct sk_packet *p, struct sk_place *c) {
  __u8 b[8];
  const __u8 kind = p->protocol;
  if (!sk_peek(hook, ctx, c, 0, b, 8)) return SK_DONE;
  p->extensions |= SK_EXT_ANY;
  if (kind == 44) {
    p->protocol = b[0];
    const __u16 field = sk_be16(b + 2);
    c->at += 8;
    if (field & 0xfff8) {
      p->later_fragment = 1;
      return SK_DONE;
    }
    return field & 1 ? SK_TRANSPORT | SK_FIRST_FRAGMENT : SK_TRANSPORT;
  }
  if (kind == SK_P_AH) p->extensions |= SK_EXT_AH;
  const __u32 bytes = kind == SK_P_AH ? (b[1] + 2U) * 4 : (b[1] + 1U) * 8;
  if (!sk_has(c, bytes)) return SK_DONE;
  p->protocol = b[0];
  c->at += bytes;
  return SK_TRANSPORT;
}

/* The steps as global functions of one kind of program: each is verified for itself, or the paths through all of them would multiply. */
#define SK_DEFINE_PARSER(hook, suffix, context)                                                                   \
  __noinline int sk_link_##suffix(context *ctx, struct sk_place *c) {                                             \
    return c ? sk_below_ethernet(hook, ctx, c) : 0;                                                               \
  }                                                                                                               \
  __noinline int sk_ipv4_##suffix(context *ctx, struct sk_packet *p, struct sk_place *c) {                        \
    return p && c ? sk_ipv4(hook, ctx, p, c) : SK_DONE;                                                           \
  }                                                                                                               \
  __noinline int sk_ipv6_##suffix(context *ctx, struct sk_packet *p, struct sk_place *c) {                        \
    return p && c ? sk_ipv6(hook, ctx, p, c) : SK_DONE;                                                           \
  }                                                                                                               \
  __noinline int sk_extension_##suffix(context *ctx, struct sk_packet *p, struct sk_place *c) {                   \
    return p && c ? sk_extension(hook, ctx, p, c) : SK_DONE;                                                      \
  }                                                                                                               \
  __noinline int sk_transport_##suffix(context *ctx, struct sk_packet *p, struct sk_place *c, int first) {        \
    if (p && c) sk_transport(hook, ctx, p, c, first);                                                             \
    return 0;                                                                                                     \
  }                                                                                                               \
  __noinline int sk_parse_any_##suffix(context *ctx, struct sk_packet *p, __u32 length, int has_link_header) {    \
    if (!p) return 0;                                                                                             \
    struct sk_place c = {0, length};                                                                              \
    int network = 0, next = SK_DONE, first = 0;                                                                   \
    __u8 version;                                                                                                 \
    if (has_link_header)                                                                                          \
      network = sk_link_##suffix(ctx, &c);                                                                        \
    else if (sk_peek(hook, ctx, &c, 0, &version, 1))                                                              \
      network = version >> 4;                                                                                     \
    if (network == 4) next = sk_ipv4_##suffix(ctx, p, &c);                                                        \
    if (network == 6) {                                                                                           \
      next = sk_ipv6_##suffix(ctx, p, &c);                                                                        \
      for (int i = 0; i < SK_MAX_EXTENSIONS && (next & SK_TRANSPORT) && sk_is_extension(p->protocol); ++i) {      \
        next = sk_extension_##suffix(ctx, p, &c);                                                                 \
        first |= next & SK_FIRST_FRAGMENT;                                                                        \
      }                                                                                                           \
      if (sk_is_extension(p->protocol)) return 0;                                                                 \
      if ((p->extensions & SK_EXT_AH) && !sk_is_decodable(p->protocol)) {                                         \
        if (next & SK_TRANSPORT) p->protocol = SK_P_AH;                                                           \
        return 0;                                                                                                 \
      }                                                                                                           \
    }                                                                                                             \
    if (next & SK_TRANSPORT) sk_transport_##suffix(ctx, p, &c, (next | first) & SK_FIRST_FRAGMENT);               \
    return 0;                                                                                                     \
  }
