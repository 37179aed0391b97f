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

#include "xdp_body.h"

SEC("xdp")
int sekisho_xdp(struct xdp_md *ctx) { return sk_xdp(ctx, 0); }
/* For drivers that take no other program because of the interface's frame size. */
SEC("xdp.frags")
int sekisho_xdp_frags(struct xdp_md *ctx) { return sk_xdp(ctx, 1); }

SK_INLINE int sk_tc(struct __sk_buff *skb, __u32 direction, int has_link_header) {
  struct sekisho_processor *processor = sk_this_processor();
  if (!processor) return TC_ACT_UNSPEC;
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
  struct sk_where where = {.ifindex = skb->ifindex, .direction = (__u8)direction, .no_link_header = !has_link_header};
  if (skb->vlan_present) {
    where.tag.protocol = (__u16)skb->vlan_proto;
    where.tag.tag = bpf_htons((__u16)skb->vlan_tci);
    p.wire_bytes += 4 * p.segments;
  }
  const __u32 traffic_class = sk_classify(&p);
  sk_count(&processor->counters, &p, direction, traffic_class);
  sk_sample(SK_TC, skb, processor, &p, traffic_class, &where);
  if (direction == SK_OUT || !sk_is_blocked(&p)) return TC_ACT_UNSPEC;
  ++processor->counters.blocked;
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
