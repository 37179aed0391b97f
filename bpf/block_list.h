/* The block list: addresses in a hash table behind a filter, networks in two small tries that are only asked when they hold something. */
#pragma once
#include "settings.h"

volatile __u64 sekisho_filter[SK_FILTER_WORDS] = {};

struct sk_address {
  __u64 high, low;
};
struct sk_network {
  __u32 bits;
  __u8 address[16];
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, SK_BLOCKED_ROOM);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct sk_address);
  __type(value, __u8);
} sekisho_blocked SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, SK_NETWORKS_ROOM);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct sk_network);
  __type(value, __u8);
} sekisho_networks SEC(".maps");

SK_INLINE int sk_is_blocked(const struct sk_packet *p) {
  if (p->family == SK_NO_IP) return 0;
  if (sekisho_settings.blocked) {
    const __u64 hash = sekisho_address_hash(sekisho_settings.hash_key, p->src_high, p->src_low);
    const __u64 bits = sekisho_filter_bits(hash);
    if ((sekisho_filter[sekisho_filter_word(hash)] & bits) == bits) {
      const struct sk_address address = {p->src_high, p->src_low};
      if (bpf_map_lookup_elem(&sekisho_blocked, &address)) return 1;
    }
  }
  if (p->family == SK_IPV4 ? sekisho_settings.networks4 : sekisho_settings.networks6) {
    struct sk_network network = {.bits = 128};
    const __u64 high = bpf_cpu_to_be64(p->src_high), low = bpf_cpu_to_be64(p->src_low);
    __builtin_memcpy(network.address, &high, 8);
    __builtin_memcpy(network.address + 8, &low, 8);
    if (bpf_map_lookup_elem(&sekisho_networks, &network)) return 1;
  }
  return 0;
}
