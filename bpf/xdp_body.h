/* The body of the XDP program, for the program itself and for the benchmark. The includer has defined the parser sk_parse_any_xdp. */
#pragma once
#include "block_list.h"
#include "classify.h"
#include "parse_fast.h"
#include "sample.h"

SK_INLINE void sk_forget(struct sk_packet *p) { __builtin_memset(p, 0, sizeof(*p)); }

/* The length of the linear part is the whole length, unless the driver hands over large frames in pieces. */
SK_INLINE int sk_xdp(struct xdp_md *ctx, int in_pieces) {
  struct sekisho_processor *processor = sk_this_processor();
  if (!processor) return XDP_PASS;
  struct sk_packet p = {};
  const __u32 length = in_pieces ? sk_length(SK_XDP, ctx) : (__u32)(ctx->data_end - ctx->data);
  p.wire_bytes = length;
  p.segments = 1;
  if (!sk_parse_fast(&p, (const __u8 *)(long)ctx->data, (const __u8 *)(long)ctx->data_end, length, 1)) {
    sk_forget(&p);
    p.wire_bytes = length;
    p.segments = 1;
    sk_parse_any_xdp(ctx, &p, length, 1);
  }
  const __u32 traffic_class = sk_classify(&p);
  sk_count(&processor->counters, &p, SK_IN, traffic_class);
  const struct sk_where where = {.ifindex = ctx->ingress_ifindex, .direction = SK_IN};
  sk_sample(SK_XDP, ctx, processor, &p, traffic_class, &where);
  if (!sk_is_blocked(&p)) return XDP_PASS;
  ++processor->counters.blocked;
  return XDP_DROP;
}
