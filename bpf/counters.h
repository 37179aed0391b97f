/* Exact counters and the state of sampling, one set for each processor, so that nothing is shared on the packet path. An array instead of a
   per-CPU array, because user space can map it: reading it needs no system call and no capability. */
#pragma once
#include "packet.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1); /* user space sets the number of processors before loading */
  __type(key, __u32);
  __type(value, struct sekisho_processor);
} sekisho_processors SEC(".maps");

SK_INLINE struct sekisho_processor *sk_this_processor(void) {
  const __u32 processor = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&sekisho_processors, &processor);
}

SK_INLINE void sk_count(struct sekisho_counters *c, const struct sk_packet *p, __u32 direction, __u32 traffic_class) {
  const __u64 packets = p->segments;
  struct sekisho_count *count = &c->by_class[direction][p->family & (SK_FAMILY_ROOM - 1)][traffic_class & (SK_CLASS_ROOM - 1)];
  count->packets += packets;
  count->bytes += p->wire_bytes;
  if (p->protocol == SK_P_TCP && !p->later_fragment) c->tcp_flags[direction][p->tcp_flags & (SK_FLAGS - 1)] += packets;
  __u64 size = p->wire_bytes;
  if (packets > 1) size /= packets;
  __u64 bin = size / SK_SIZE_STEP; /* a shift */
  if (bin > SK_SIZE_BINS - 1) bin = SK_SIZE_BINS - 1;
  c->sizes[direction][bin] += packets;
}
