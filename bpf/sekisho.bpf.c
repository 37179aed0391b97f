/* The capture programs: XDP on ingress, tc on both ways. Each counts every packet exactly, drops what the block list names (ingress) and
   hands frames to user space through a ring, all of them or a sample. See docs/capture.md. */
#include "block_list.h"
#include "classify.h"
#include "parse_any.h"
#include "parse_fast.h"
#include "sample.h"

char LICENSE[] SEC("license") = "GPL"; /* the kernel asks for it before it lends its helpers */

#ifndef TC_ACT_UNSPEC
#define TC_ACT_UNSPEC (-1) /* the next program or filter decides */
#define TC_ACT_SHOT 2
#endif

SK_DEFINE_PARSER(SK_XDP, xdp, struct xdp_md)
SK_DEFINE_PARSER(SK_TC, tc, struct __sk_buff)

SK_INLINE void sk_forget(struct sk_packet *p) { __builtin_memset(p, 0, sizeof(*p)); }

SEC("xdp.frags")
int sekisho_xdp(struct xdp_md *ctx) {
  struct sekisho_counters *counters = sk_counters();
  if (!counters) return XDP_PASS;
  struct sk_packet p = {};
  const __u32 length = sk_length(SK_XDP, ctx);
  p.wire_bytes = length;
  p.segments = 1;
  if (!sk_parse_fast(&p, (const __u8 *)(long)ctx->data, (const __u8 *)(long)ctx->data_end, length, 1)) {
    sk_forget(&p);
    p.wire_bytes = length;
    p.segments = 1;
    sk_parse_any_xdp(ctx, &p, length, 1);
  }
  struct sekisho_frame header = {};
  header.traffic_class = (__u8)sk_classify(&p);
  header.direction = SK_IN;
  header.ifindex = ctx->ingress_ifindex;
  sk_count(counters, &p, SK_IN, header.traffic_class);
  const struct sk_tag no_tag = {};
  sk_sample(SK_XDP, ctx, counters, &p, &no_tag, &header);
  if (!sk_is_blocked(&p)) return XDP_PASS;
  ++counters->blocked;
  return XDP_DROP;
}

SK_INLINE int sk_tc(struct __sk_buff *skb, __u32 direction, int has_link_header) {
  struct sekisho_counters *counters = sk_counters();
  if (!counters) return TC_ACT_UNSPEC;
  struct sk_packet p = {};
  const __u32 length = skb->len;
  if (!sk_parse_fast(&p, (const __u8 *)(long)skb->data, (const __u8 *)(long)skb->data_end, length, has_link_header)) {
    sk_forget(&p);
    sk_parse_any_tc(skb, &p, length, has_link_header);
  }
  p.segments = 1;
  p.wire_bytes = length;
  const __u32 segments = skb->gso_segs;
  if (segments > 1 && segments < 65536) { /* one buffer that the card cuts, or that the kernel glued together */
    p.segments = (__u16)segments;
    if (skb->wire_len > length) /* egress: with the headers of all segments */
      p.wire_bytes = skb->wire_len;
    else
      p.wire_bytes = length + (segments - 1) * (p.headers ? p.headers : 54);
  }
  struct sekisho_frame header = {};
  struct sk_tag tag = {};
  if (skb->vlan_present) {
    tag.protocol = (__u16)skb->vlan_proto;
    tag.tag = bpf_htons((__u16)skb->vlan_tci);
    p.wire_bytes += 4 * p.segments;
  }
  header.traffic_class = (__u8)sk_classify(&p);
  header.direction = (__u8)direction;
  header.ifindex = skb->ifindex;
  header.no_link_header = !has_link_header;
  sk_count(counters, &p, direction, header.traffic_class);
  sk_sample(SK_TC, skb, counters, &p, &tag, &header);
  if (direction == SK_OUT || !sk_is_blocked(&p)) return TC_ACT_UNSPEC;
  ++counters->blocked;
  return TC_ACT_SHOT;
}

SEC("tc")
int sekisho_in(struct __sk_buff *skb) { return sk_tc(skb, SK_IN, 1); }
SEC("tc")
int sekisho_out(struct __sk_buff *skb) { return sk_tc(skb, SK_OUT, 1); }
/* Tunnels and other interfaces without link headers. */
SEC("tc")
int sekisho_in_ip(struct __sk_buff *skb) { return sk_tc(skb, SK_IN, 0); }
SEC("tc")
int sekisho_out_ip(struct __sk_buff *skb) { return sk_tc(skb, SK_OUT, 0); }
