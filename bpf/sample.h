/* Which frames go to user space. At low rates all of them. Above that each kind of traffic (a group of classes, in one direction, on one
   processor) is sampled for itself, so that a flood of one kind leaves the others whole:
   - Light flows are taken whole or not at all, by a secret hash of the flow: a connection whose packets were picked one by one would look
     like a half-open one.
   - Flows with many packets are sampled packet by packet, one of N: taking them whole would make the sample lumpy.
   Both kinds carry the weight N. What a group owes (packets seen minus weights handed over) pulls the weights gently towards the exact
   total: at once would credit one kind with what the other left over. */
#pragma once
#include "counters.h"
#include "settings.h"

/* A flow is heavy from about 32 packets a second on: one of sixteen of its packets is counted. */
#define SK_FLOW_CELLS 65536
#define SK_FLOW_COUNTED_SHIFT 4
#define SK_FLOW_HEAVY 2
#define SK_MAX_SHIFT 20
#define SK_CLOCK_EVERY 16 /* frames between two looks at the clock */

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

/* By enum sekisho_class. */
static const volatile __u8 sk_groups[SK_CLASS_ROOM] = {
    SK_G_OTHER,   SK_G_OTHER, SK_G_SYN,   SK_G_SYN,   SK_G_TCP_CONTROL, SK_G_TCP_CONTROL, SK_G_TCP_CONTROL, SK_G_TCP,
    SK_G_TCP,     SK_G_TCP,   SK_G_TCP,   SK_G_TCP,   SK_G_UDP,         SK_G_SERVICE,     SK_G_UDP,         SK_G_SERVICE,
    SK_G_SERVICE, SK_G_OTHER, SK_G_OTHER, SK_G_OTHER, SK_G_OTHER,       SK_G_OTHER,       SK_G_OTHER,       SK_G_OTHER,
    SK_G_OTHER,   SK_G_OTHER, SK_G_OTHER, SK_G_OTHER, SK_G_OTHER,
};

SK_INLINE struct sekisho_group_state* sk_group(struct sekisho_sampler* s, __u32 direction, __u32 traffic_class) {
  return &s->groups[(direction * SK_GROUPS + sk_groups[traffic_class & (SK_CLASS_ROOM - 1)]) & (SK_GROUP_ROOM - 1)];
}

/* The same for both directions of a flow. */
SK_INLINE __u64 sk_flow_hash(const struct sk_packet* p) {
  const __u64 ports = (__u64)(__u32)(p->sport + p->dport) << 32 ^ (__u64)(p->sport ^ p->dport) << 8 ^ p->protocol;
  __u64 x = (p->src_high ^ p->dst_high) + (p->src_low ^ p->dst_low) * 0xc2b2ae3d27d4eb4fULL + (ports ^ sekisho_settings.hash_key);
  x *= 0x9e3779b97f4a7c15ULL;
  return x ^ x >> 29;
}

SK_INLINE struct sk_flow_cell* sk_cell(__u64 hash) {
  const __u32 at = (__u32)hash & (SK_FLOW_CELLS - 1);
  return bpf_map_lookup_elem(&sekisho_flows, &at);
}
SK_INLINE int sk_is_heavy(__u64 hash, __u32 second) {
  const struct sk_flow_cell* cell = sk_cell(hash);
  return cell && cell->packets >= SK_FLOW_HEAVY && (__u8)(second - cell->second) <= 1;
}
SK_INLINE void sk_count_flow(__u64 hash, __u32 second) {
  struct sk_flow_cell* cell = sk_cell(hash);
  if (!cell) return;
  if (cell->second != (__u8)second) { /* what was heavy begins so, or each second would begin with a lump */
    cell->packets = cell->packets >= SK_FLOW_HEAVY && (__u8)(second - cell->second) == 1;
    cell->second = (__u8)second;
  }
  if (cell->packets < SK_FLOW_HEAVY) ++cell->packets;
}

/* One of 2^shift frames, in no order that a sender's own could be in step with. */
SK_INLINE int sk_is_turn(__u32 turn, __u32 shift) {
  __u32 x = turn * 0x9e3779b1U;
  x = (x ^ x >> 15) * 0x85ebca6bU;
  return x >> (32 - shift & 31) == 0;
}

/* N follows the rate by one step a slice; bursts within a slice are met in sk_weight. Global, so that it is verified for itself. */
__noinline int sk_next_slice(__u64 now) {
  struct sekisho_processor* processor = sk_this_processor();
  if (!processor) return 0;
  struct sekisho_sampler* s = &processor->sampler;
  const __u64 room = sekisho_settings.slice_frames;
  const int silent = now - s->slice_ends > SK_SLICE_NS * 10ULL;
  s->slice_ends = now + SK_SLICE_NS;
  s->second = (__u32)(now >> 30);
  for (int i = 0; i < SK_GROUP_ROOM; ++i) {
    struct sekisho_group_state* g = &s->groups[i];
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
SK_INLINE __u32 sk_weight(struct sekisho_sampler* s, const struct sk_packet* p, __u32 direction, __u32 traffic_class, __u32* sampling) {
  struct sekisho_group_state* g = sk_group(s, direction, traffic_class);
  if ((s->calls++ & (SK_CLOCK_EVERY - 1)) == 0) {
    const __u64 now = bpf_ktime_get_coarse_ns();
    if (now >= s->slice_ends) sk_next_slice(now);
  }
  const __u32 room = sekisho_settings.slice_frames;
  ++g->arrived;
  const __u32 shift = g->shift;
  if (shift == 0 && g->emitted < room * 2) {
    const __s32 weight = g->owed + 1; /* more than 1 only behind frames that the ring had no room for */
    g->owed = 0;
    ++g->emitted;
    *sampling = 1;
    return weight > 0 ? weight : 1;
  }
  /* Scanners of devices send one SYN to each address: losing it would lose the scanner. */
  if (traffic_class == SK_TCP_SYN_BARE && g->always < room / 4 && SK_HAS_PORT(sekisho_device_ports, p->dport)) {
    ++g->always;
    *sampling = 1;
    return 1;
  }
  const __s32 owed = ++g->owed;
  if (g->emitted >= room * 2) { /* a burst within the slice: at once to the next N */
    g->emitted = room;
    if (g->shift < SK_MAX_SHIFT) ++g->shift;
  }
  const __s32 n = 1 << (g->shift & 31);
  const __u32 mask = (__u32)n - 1, turn = ++g->turn;
  const __u64 hash = sk_flow_hash(p);
  if (sk_is_turn(turn, SK_FLOW_COUNTED_SHIFT)) sk_count_flow(hash, s->second);
  const int chosen_flow = ((__u32)(hash >> 40) & mask) == 0, chosen_frame = sk_is_turn(turn, g->shift);
  if (!chosen_flow && !chosen_frame && owed < 16 * n) return 0;
  int take = owed >= 16 * n;
  if (!take && owed > -16 * n) take = sk_is_heavy(hash, s->second) ? chosen_frame : chosen_flow;
  if (!take) return 0;
  __s32 weight = owed;
  if (owed < 16 * n) { /* otherwise nothing was chosen for long: all of it */
    weight = n + ((owed - n) >> 2);
    if (weight < n >> 1) weight = n >> 1;
    if (weight > 2 * n) weight = 2 * n;
  }
  g->owed = owed - weight;
  ++g->emitted;
  *sampling = (__u32)n;
  return weight;
}

/* A tag that the card or the kernel took out of the bytes is put back to where it was. */
struct sk_tag {
  __u16 protocol, tag; /* network order; protocol 0: none */
};

SK_INLINE int sk_emit(enum sk_hook hook, void* ctx, const struct sekisho_frame* header, const struct sk_tag* tag, const __u32 room) {
  __u8* record = bpf_ringbuf_reserve(&sekisho_ring, sizeof(*header) + 4 + room, 0);
  if (!record) return 0;
  struct sekisho_frame* frame = (struct sekisho_frame*)record;
  __u8* bytes = record + sizeof(*header);
  *frame = *header;
  const __u32 tag_bytes = tag->protocol ? sizeof(*tag) : 0;
  __u64 size = sk_length(hook, ctx);
  if (size > room) size = room;
  asm volatile("" : "+r"(size)); /* the compiler must not remember what it knows, so that the verifier sees the bounds */
  long failed = 1;
  if (tag_bytes) {
    if (size > 12 && size <= room) {
      failed = sk_load(hook, ctx, 0, bytes, 12);
      *(struct sk_tag*)(bytes + 12) = *tag;
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

struct sk_where {
  __u32 ifindex;
  __u8 direction, no_link_header;
  struct sk_tag tag;
};

SK_INLINE void sk_sample(enum sk_hook hook, void* ctx, struct sekisho_processor* processor, const struct sk_packet* p, __u32 traffic_class,
                         const struct sk_where* where) {
  struct sekisho_frame header;
  header.weight = sk_weight(&processor->sampler, p, where->direction, traffic_class, &header.sampling);
  if (!header.weight) return;
  header.time = bpf_ktime_get_ns();
  header.ifindex = where->ifindex;
  header.wire_bytes = p->wire_bytes;
  header.captured = 0;
  header.segments = p->segments;
  header.direction = where->direction;
  header.traffic_class = (__u8)traffic_class;
  header.family = p->family;
  header.no_link_header = where->no_link_header;
  const int sent = header.sampling > 1 || p->wire_bytes <= SK_SNAP_SHORT ? sk_emit(hook, ctx, &header, &where->tag, SK_SNAP_SHORT)
                                                                         : sk_emit(hook, ctx, &header, &where->tag, SK_SNAP_LONG);
  if (!sent) { /* the weight goes to the next frame of the group */
    ++processor->counters.ring_full;
    sk_group(&processor->sampler, where->direction, traffic_class)->owed += (__s32)header.weight;
  }
}
