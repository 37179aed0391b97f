/* What bench/xdp measures: the capture programs' body and a bare parse-and-count program, both behind the same generator of spoofed sources. */
#include "../bpf/block_list.h"
#include "../bpf/classify.h"
#include "../bpf/parse_any.h"
#include "../bpf/parse_fast.h"
#include "../bpf/sample.h"

char LICENSE[] SEC("license") = "GPL";

/* How many sources there are, and where the generator is; a power of two. */
volatile __u32 bench_sources = 1 << 20;
struct bench_place {
  __u64 next;
  __u64 unused[7];
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct bench_place);
} bench_places SEC(".maps");

struct bench_count {
  __u64 packets, bytes;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 256 + 64);
  __type(key, __u32);
  __type(value, struct bench_count);
} bench_counts SEC(".maps");

SK_INLINE __u64 bench_mix(__u64 x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  return x;
}

SK_INLINE int bench_spoof(struct xdp_md *ctx) {
  __u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
  const __u32 zero = 0;
  struct bench_place *place = bpf_map_lookup_elem(&bench_places, &zero);
  if (!place || data + 38 > end) return 0;
  const __u64 mixed = bench_mix(place->next++ & (bench_sources - 1));
  *(__u32 *)(data + 26) = (__u32)mixed;
  *(__u16 *)(data + 34) = (__u16)(mixed >> 32);
  return 1;
}

/* The generator alone: what both others pay beside their own work. */
SEC("xdp")
int bench_nothing(struct xdp_md *ctx) { return bench_spoof(ctx) ? XDP_PASS : XDP_ABORTED; }

/* What any counting program does: Ethernet, a tag, both families, ports and flags; packets and bytes by protocol, packets by TCP flags. */
SEC("xdp")
int bench_bare(struct xdp_md *ctx) {
  if (!bench_spoof(ctx)) return XDP_ABORTED;
  const __u8 *at = (const __u8 *)(long)ctx->data, *end = (const __u8 *)(long)ctx->data_end;
  const __u32 length = (__u32)(end - at);
  if (at + 14 > end) return XDP_PASS;
  __u16 type = *(const __u16 *)(at + 12);
  at += 14;
  if (type == bpf_htons(0x8100)) {
    if (at + 4 > end) return XDP_PASS;
    type = *(const __u16 *)(at + 2);
    at += 4;
  }
  __u32 protocol;
  if (type == bpf_htons(0x0800)) {
    if (at + 20 > end) return XDP_PASS;
    protocol = at[9];
    at += (at[0] & 15) * 4;
  } else if (type == bpf_htons(0x86dd)) {
    if (at + 40 > end) return XDP_PASS;
    protocol = at[6];
    at += 40;
  } else {
    return XDP_PASS;
  }
  __u32 by_flags = 0;
  if (protocol == SK_P_TCP) {
    if (at + 20 > end) return XDP_PASS;
    by_flags = 256 + (at[13] & 63);
  } else if (protocol == SK_P_UDP) {
    if (at + 8 > end) return XDP_PASS;
    if (*(const __u16 *)(at + 2) == 0) return XDP_ABORTED; /* so that the ports are read */
  }
  struct bench_count *count = bpf_map_lookup_elem(&bench_counts, &protocol);
  if (!count) return XDP_PASS;
  ++count->packets;
  count->bytes += length;
  if (by_flags) {
    count = bpf_map_lookup_elem(&bench_counts, &by_flags);
    if (count) ++count->packets;
  }
  return XDP_PASS;
}

SK_DEFINE_PARSER(SK_XDP, xdp, struct xdp_md)
#include "../bpf/xdp_body.h"

SEC("xdp")
int bench_sekisho(struct xdp_md *ctx) { return bench_spoof(ctx) ? sk_xdp(ctx, 0) : XDP_ABORTED; }
