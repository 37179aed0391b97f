/* Layouts that the BPF programs share with user space: classes, counters, frames, settings, the block list's filter. C and C++. */
#pragma once
#include <linux/types.h>

/* What a packet is by its headers alone, without the state of connections. The same list as src/model/header_class.h. */
enum sekisho_class {
  SK_NOT_IP,
  SK_FRAGMENT, /* later fragments */
  SK_TCP_SYN,
  SK_TCP_SYN_BARE, /* without any option */
  SK_TCP_SYN_ACK,
  SK_TCP_RST,
  SK_TCP_FIN,
  SK_TCP_NULL,
  SK_TCP_XMAS,
  SK_TCP_ODD,
  SK_TCP_ACK,
  SK_TCP_DATA,
  SK_UDP,
  SK_UDP_SERVICE, /* from the port of a service that amplifies */
  SK_UDP_VSE,
  SK_DNS_QUERY,
  SK_DHCP,
  SK_ICMP_ECHO,
  SK_ICMP_ECHO_REPLY,
  SK_ICMP_UNREACHABLE,
  SK_ICMP_OTHER,
  SK_GRE,
  SK_IP_IN_IP,
  SK_ESP,
  SK_AH,
  SK_SCTP,
  SK_IGMP,
  SK_OTHER_IP,
  SK_IPV6_EXTENSION,
  SK_CLASSES
};
#define SK_CLASS_ROOM 32 /* a power of two, so that an index can be masked */

enum sekisho_direction { SK_IN, SK_OUT, SK_DIRECTIONS };
enum sekisho_family { SK_NO_IP, SK_IPV4, SK_IPV6, SK_FAMILIES };
#define SK_FAMILY_ROOM 4
#define SK_FLAGS 64      /* by FIN SYN RST PSH ACK URG */
#define SK_SIZE_BINS 64  /* of 32 bytes on the wire each; the last one takes the rest */
#define SK_SIZE_STEP 32

struct sekisho_count {
  __u64 packets, bytes;
};
/* One value for each processor. Packets count the segments of offloaded super-frames. */
struct sekisho_counters {
  struct sekisho_count by_class[SK_DIRECTIONS][SK_FAMILY_ROOM][SK_CLASS_ROOM];
  __u64 tcp_flags[SK_DIRECTIONS][SK_FLAGS];
  __u64 sizes[SK_DIRECTIONS][SK_SIZE_BINS];
  __u64 blocked;
  __u64 ring_full; /* frames that the ring had no room for; their weight went to the next ones */
  __u64 unused[6]; /* whole cache lines */
};

/* Kinds of traffic that are sampled for themselves. */
enum sekisho_group { SK_G_SYN, SK_G_TCP_CONTROL, SK_G_TCP, SK_G_UDP, SK_G_SERVICE, SK_G_OTHER, SK_GROUPS };
#define SK_GROUP_ROOM 16 /* both directions */
struct sekisho_group_state {
  __u32 arrived, emitted; /* in this slice */
  __s32 owed;             /* frames seen minus weights handed over */
  __u32 shift;            /* N = 1 << shift */
  __u32 turn;             /* counts the frames while sampling */
  __u32 always;           /* frames that were never sampled out, in this slice */
};
struct sekisho_sampler {
  __u64 slice_ends;
  __u32 second; /* about: 2^30 ns */
  __u32 calls;
  struct sekisho_group_state groups[SK_GROUP_ROOM];
  __u64 unused[6]; /* whole cache lines */
};
struct sekisho_processor {
  struct sekisho_counters counters;
  struct sekisho_sampler sampler;
};

/* A frame in the ring: this header, then `captured` bytes. */
struct sekisho_frame {
  __u64 time;       /* CLOCK_MONOTONIC, nanoseconds */
  __u32 ifindex;
  __u32 wire_bytes; /* all segments with their headers */
  __u32 weight;     /* stands for so many frames */
  __u32 sampling;   /* 1 of so many at that moment */
  __u16 captured;
  __u16 segments;   /* 1, or as many as a super-frame is cut into */
  __u8 direction, traffic_class, family;
  __u8 no_link_header;
};
#define SK_SNAP_SHORT 128  /* while sampling */
#define SK_SNAP_LONG 1536  /* at low rates */

/* Set by user space, read by the programs at any time. */
struct sekisho_settings {
  __u32 slice_frames; /* frames a processor may hand over in a slice (about 10 ms) for each kind of traffic before it samples */
  __u32 networks4, networks6; /* how many networks the block list's tries hold; 0 saves the look-up */
  __u32 blocked;      /* how many addresses the block list holds */
  __u64 hash_key;     /* secret: which flows a sample takes must not be predictable */
};
#define SK_SLICE_NS 10000000
#define SK_RING_BYTES (8 << 20)

/* The block list's filter: 64 bits for each of 16,384 hash values, three of them set for an address in the list. One memory access says
   "surely not blocked" for nearly all packets (of 65,536 blocked addresses one in 150 others passes it); only the rest pays for the hash
   table. 128 KiB stay in a processor's cache. */
#define SK_FILTER_WORDS 16384
#define SK_BLOCKED_ROOM 131072
#define SK_NETWORKS_ROOM 1024

/* Addresses as two 64-bit words in host order, IPv4 mapped into IPv6 (::ffff:a.b.c.d), as model/address.h. The upper bits are the good ones. */
static inline __attribute__((always_inline)) __u64 sekisho_address_hash(__u64 key, __u64 high, __u64 low) {
  return (low ^ key) * 0x9e3779b97f4a7c15ULL + high * 0xc2b2ae3d27d4eb4fULL;
}
static inline __attribute__((always_inline)) __u32 sekisho_filter_word(__u64 hash) { return (__u32)(hash >> 50) & (SK_FILTER_WORDS - 1); }
static inline __attribute__((always_inline)) __u64 sekisho_filter_bits(__u64 hash) {
  return 1ULL << (hash >> 44 & 63) | 1ULL << (hash >> 38 & 63) | 1ULL << (hash >> 32 & 63);
}
