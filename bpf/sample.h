/* Which frames go to user space. At low rates all of them. Above that each kind of traffic (a group of classes, in one direction, on one
   processor) is sampled for itself, so that a flood of one kind leaves the others whole:
   - Light flows are taken whole or not at all, by a secret hash of the flow: a connection whose packets were picked one by one would look
     like a half-open one.
   - Flows with many packets are sampled packet by packet, one of N: taking them whole would make the sample lumpy.
   Both kinds carry the weight N. What a group owes (packets seen minus weights handed over) pulls the weights towards the exact total. */
#pragma once
#include "counters.h"
#include "settings.h"

enum sk_group { SK_G_SYN, SK_G_TCP_CONTROL, SK_G_TCP, SK_G_UDP, SK_G_SERVICE, SK_G_OTHER, SK_GROUPS };
#define SK_GROUP_ROOM 16 /* both directions */
#define SK_FLOW_CELLS 65536
#define SK_FLOW_LIGHT 16 /* packets of a cell in a second; a flow with more is heavy */
#define SK_MAX_SHIFT 20

struct sk_group_state {
  __u32 arrived, emitted; /* in this slice */
  __s32 owed;
  __u32 shift;            /* N = 1 << shift */
  __u32 turn;             /* counts the packets of heavy flows */
  __u32 always;           /* frames that were never sampled out, in this slice */
};
struct sk_sampler {
  __u64 slice_ends, second;
  struct sk_group_state groups[SK_GROUP_ROOM];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct sk_sampler);
} sekisho_samplers SEC(".maps");

struct sk_flow_cell {
  __u8 second, packets;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, SK_FLOW_CELLS);
  __type(key, __u32);
  __type(value, struct sk_flow_cell);
} sekisho_flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, SK_RING_BYTES);
} sekisho_ring SEC(".maps");

SK_INLINE __u32 sk_group_of(__u32 traffic_class) {
  switch (traffic_class) {
    case SK_TCP_SYN:
    case SK_TCP_SYN_BARE: return SK_G_SYN;
    case SK_TCP_SYN_ACK:
    case SK_TCP_RST:
    case SK_TCP_FIN: return SK_G_TCP_CONTROL;
    case SK_TCP_ACK:
    case SK_TCP_DATA:
    case SK_TCP_NULL:
    case SK_TCP_XMAS:
    case SK_TCP_ODD: return SK_G_TCP;
    case SK_UDP:
    case SK_UDP_VSE: return SK_G_UDP;
    case SK_UDP_SERVICE:
    case SK_DNS_QUERY:
    case SK_DHCP: return SK_G_SERVICE;
    default: return SK_G_OTHER;
  }
}

/* The same for both directions of a flow. */
SK_INLINE __u64 sk_flow_hash(const struct sk_packet *p) {
  const __u64 addresses = (p->src_high ^ p->dst_high) * 0x9e3779b97f4a7c15ULL + (p->src_low ^ p->dst_low) * 0xc2b2ae3d27d4eb4fULL;
  const __u64 sums = (p->src_low + p->dst_low) ^ (__u64)(p->sport + p->dport) << 40 ^ (__u64)(p->sport ^ p->dport) << 20 ^ p->protocol;
  return sekisho_mix(addresses ^ sekisho_mix(sums ^ sekisho_settings.hash_key));
}

/* N follows the rate by one step a slice; bursts within a slice are met in sk_weight. Global, so that it is verified for itself. */
__noinline int sk_next_slice(__u64 now) {
  const __u32 zero = 0;
  struct sk_sampler *s = bpf_map_lookup_elem(&sekisho_samplers, &zero);
  if (!s) return 0;
  const __u64 room = sekisho_settings.slice_frames;
  const int silent = now - s->slice_ends > SK_SLICE_NS * 10ULL;
  s->slice_ends = now + SK_SLICE_NS;
  s->second = now >> 30;
  for (int i = 0; i < SK_GROUP_ROOM; ++i) {
    struct sk_group_state *g = &s->groups[i];
    if (silent)
      g->shift = 0;
    else if (g->arrived > room << (g->shift & 31))
      g->shift += g->shift < SK_MAX_SHIFT;
    else if (g->shift && g->arrived <= room << (g->shift - 1 & 31))
      --g->shift;
    if (g->shift == 0 && g->owed < 0) g->owed = 0;
    g->arrived = g->emitted = g->always = 0;
  }
  return 0;
}

/* The weight of this frame: 0 when it is not handed over. */
SK_INLINE __u32 sk_weight(const struct sk_packet *p, __u32 direction, __u32 traffic_class, __u32 *sampling) {
  const __u32 zero = 0;
  struct sk_sampler *s = bpf_map_lookup_elem(&sekisho_samplers, &zero);
  if (!s) return 0;
  const __u64 now = bpf_ktime_get_coarse_ns();
  if (now >= s->slice_ends) sk_next_slice(now);
  const __u32 room = sekisho_settings.slice_frames;
  struct sk_group_state *g = &s->groups[(direction * SK_GROUPS + sk_group_of(traffic_class)) & (SK_GROUP_ROOM - 1)];
  ++g->arrived;

  /* Scanners of devices send one SYN to each address: losing it would lose the scanner. */
  if (g->shift && traffic_class == SK_TCP_SYN_BARE && SK_HAS_PORT(sekisho_device_ports, p->dport) && g->always < room / 4) {
    ++g->always;
    *sampling = 1;
    return 1;
  }
  ++g->owed;
  if (g->emitted >= room * 2) { /* a burst within the slice: at once to the next N */
    g->emitted = room;
    if (g->shift < SK_MAX_SHIFT) ++g->shift;
  }
  *sampling = 1U << g->shift;
  if (g->shift == 0) {
    const __s32 weight = g->owed; /* more than 1 only behind frames that the ring had no room for */
    g->owed = 0;
    ++g->emitted;
    return weight > 0 ? weight : 1;
  }
  const __s32 n = 1 << g->shift;
  const __u32 mask = (__u32)n - 1;
  const __u64 hash = sk_flow_hash(p);
  int take = (hash >> 32 & mask) == 0;
  const __u32 cell_at = (__u32)hash & (SK_FLOW_CELLS - 1);
  struct sk_flow_cell *cell = bpf_map_lookup_elem(&sekisho_flows, &cell_at);
  if (cell) {
    if (cell->second != (__u8)s->second) cell->second = (__u8)s->second, cell->packets = 0;
    if (cell->packets < SK_FLOW_LIGHT)
      ++cell->packets;
    else
      take = (++g->turn & mask) == 0;
  }
  if (g->owed >= 16 * n) take = 1;
  if (!take || g->owed <= -16 * n) return 0;
  __s32 weight = g->owed;
  if (weight < n >> 1) weight = n >> 1;
  if (weight > 2 * n && weight < 16 * n) weight = 2 * n;
  g->owed -= weight;
  ++g->emitted;
  return weight;
}

/* The ring had no room: the weight goes to the next frame of the group. */
SK_INLINE void sk_give_back(__u32 direction, __u32 traffic_class, __u32 weight) {
  const __u32 zero = 0;
  struct sk_sampler *s = bpf_map_lookup_elem(&sekisho_samplers, &zero);
  if (s) s->groups[(direction * SK_GROUPS + sk_group_of(traffic_class)) & (SK_GROUP_ROOM - 1)].owed += (__s32)weight;
}

/* A tag that the card or the kernel took out of the bytes is put back to where it was. */
struct sk_tag {
  __u16 protocol, tag; /* network order; protocol 0: none */
};

SK_INLINE int sk_emit(enum sk_hook hook, void *ctx, const struct sekisho_frame *header, const struct sk_tag *tag, const __u32 room) {
  __u8 *record = bpf_ringbuf_reserve(&sekisho_ring, sizeof(*header) + 4 + room, 0);
  if (!record) return 0;
  struct sekisho_frame *frame = (struct sekisho_frame *)record;
  __u8 *bytes = record + sizeof(*header);
  *frame = *header;
  const __u32 tag_bytes = tag->protocol ? sizeof(*tag) : 0;
  __u64 size = sk_length(hook, ctx);
  if (size > room) size = room;
  asm volatile("" : "+r"(size)); /* the compiler must not remember what it knows, so that the verifier sees the bounds */
  long failed = 1;
  if (tag_bytes) {
    if (size > 12 && size <= room) {
      failed = sk_load(hook, ctx, 0, bytes, 12);
      *(struct sk_tag *)(bytes + 12) = *tag;
      size -= 12;
      asm volatile("" : "+r"(size));
      if (size > 0 && size <= room - 12) failed |= sk_load(hook, ctx, 12, bytes + 16, (__u32)size);
      size += 16;
    }
  } else if (size > 0 && size <= room) {
    failed = sk_load(hook, ctx, 0, bytes, (__u32)size);
  }
  if (failed) {
    bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
    return 1;
  }
  frame->captured = (__u16)size;
  bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP); /* user space comes many times a second by itself */
  return 1;
}

SK_INLINE void sk_sample(enum sk_hook hook, void *ctx, struct sekisho_counters *counters, const struct sk_packet *p,
                         const struct sk_tag *tag, struct sekisho_frame *header) {
  header->weight = sk_weight(p, header->direction, header->traffic_class, &header->sampling);
  if (!header->weight) return;
  header->time = bpf_ktime_get_ns();
  header->family = p->family;
  header->wire_bytes = p->wire_bytes;
  header->segments = p->segments;
  const int sent = header->sampling > 1 || p->wire_bytes <= SK_SNAP_SHORT ? sk_emit(hook, ctx, header, tag, SK_SNAP_SHORT)
                                                                          : sk_emit(hook, ctx, header, tag, SK_SNAP_LONG);
  if (!sent) {
    ++counters->ring_full;
    sk_give_back(header->direction, header->traffic_class, header->weight);
  }
}
