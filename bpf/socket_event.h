/* What the programs of sockets.bpf.c tell about a socket at the moment it is made or used: whose it is. C and C++. */
#pragma once
#include <linux/types.h>

enum sekisho_socket_act { SKS_MADE_RAW, SKS_CONNECT, SKS_SEND, SKS_MADE_PACKET, SKS_ACTS };
#define SKS_NAME 64
#define SKS_ARGS 256
#define SKS_RING_BYTES (1 << 20)
#define SKS_KNOWN 8192 /* processes by act whose events are counted */
/* Of one process and act at most so many events in this time; what was held back is counted in the next one. */
#define SKS_WINDOW_NS 100000000ULL
#define SKS_IN_WINDOW 8

struct sekisho_socket_event {
  __u64 time;              /* CLOCK_MONOTONIC, nanoseconds */
  __u64 started;           /* of the process: CLOCK_BOOTTIME, nanoseconds */
  __u64 high, low;         /* the address as in model/address.h; zero where there is none */
  __u32 pid, parent, uid;  /* of the thread group, in the first process namespace */
  __u32 count;             /* such acts since the last event */
  __u32 network_namespace; /* inode number */
  __u16 port;              /* host order; zero where there is none */
  __u16 protocol;          /* IP protocol, or the Ethernet type of a packet socket */
  __u8 act;                /* sekisho_socket_act */
  __u8 family;             /* 4, 6 or 0 */
  __u16 args_bytes;
  char comm[16];
  char exe[SKS_NAME];        /* the last part of the executable's path */
  char cgroup[SKS_NAME * 2]; /* the last part of its path in the unified hierarchy */
  char args[SKS_ARGS];       /* the command line as in /proc/PID/cmdline, cut */
};
