/* Names the process behind a socket at the moment the socket is made or used, for processes that are gone before anybody looks through
   /proc. Attached to the root of the unified cgroup hierarchy; permits everything. See docs/processes.md. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "socket_event.h"

char LICENSE[] SEC("license") = "GPL";

#define SK_INLINE static inline __attribute__((always_inline))
#define SOCK_RAW 3
#define AF_INET 2
#define AF_INET6 10
#define AF_PACKET 17

/* The parts of the kernel's structures that are read; the loader finds where they are in the running kernel. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct qstr {
  const unsigned char *name;
};
struct dentry {
  struct qstr d_name;
};
struct path {
  struct dentry *dentry;
};
struct file {
  struct path f_path;
};
struct mm_struct {
  struct file *exe_file;
  unsigned long arg_start, arg_end;
};
struct kernfs_node {
  const char *name;
};
struct cgroup {
  struct kernfs_node *kn;
};
struct css_set {
  struct cgroup *dfl_cgrp;
};
struct ns_common {
  unsigned int inum;
};
struct net {
  struct ns_common ns;
};
struct nsproxy {
  struct net *net_ns;
};
struct task_struct {
  struct mm_struct *mm;
  struct task_struct *group_leader, *real_parent;
  int tgid;
  __u64 start_boottime;
  struct css_set *cgroups;
  struct nsproxy *nsproxy;
};
struct trace_event_raw_sys_enter {
  long id;
  unsigned long args[6];
};
#pragma clang attribute pop

struct key {
  __u32 pid, act;
};
struct held {
  __u64 ends; /* of the window */
  __u32 told; /* in the window */
  __u32 count;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, SKS_KNOWN);
  __type(key, struct key);
  __type(value, struct held);
} sekisho_held SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, SKS_RING_BYTES);
} sekisho_events SEC(".maps");

__u64 sekisho_events_lost; /* the ring was full */

/* How many such acts this event stands for; 0: it is held back. */
SK_INLINE __u32 due(__u64 now, __u32 pid, __u32 act) {
  const struct key key = {pid, act};
  struct held *held = bpf_map_lookup_elem(&sekisho_held, &key);
  if (held) {
    /* Two processors at once: an event or two too many, no harm. */
    const __u32 count = __sync_fetch_and_add(&held->count, 1) + 1;
    if (now >= held->ends) held->ends = now + SKS_WINDOW_NS, held->told = 0;
    if (held->told >= SKS_IN_WINDOW) return 0;
    ++held->told;
    held->count = 0;
    return count;
  }
  const struct held first = {now + SKS_WINDOW_NS, 1, 0};
  bpf_map_update_elem(&sekisho_held, &key, &first, BPF_ANY);
  return 1;
}

SK_INLINE void tell(__u8 act, __u8 family, __u64 high, __u64 low, __u16 port, __u16 protocol) {
  const __u64 now = bpf_ktime_get_ns();
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  const __u32 pid = BPF_CORE_READ(task, tgid);
  if (!pid) return;
  const __u32 count = due(now, pid, act);
  if (!count) return;
  struct sekisho_socket_event *e = bpf_ringbuf_reserve(&sekisho_events, sizeof *e, 0);
  if (!e) {
    __sync_fetch_and_add(&sekisho_events_lost, 1);
    return;
  }
  e->time = now;
  e->started = BPF_CORE_READ(task, group_leader, start_boottime);
  e->high = high, e->low = low;
  e->pid = pid;
  e->parent = BPF_CORE_READ(task, group_leader, real_parent, tgid);
  e->uid = (__u32)bpf_get_current_uid_gid();
  e->count = count;
  e->network_namespace = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
  e->port = port, e->protocol = protocol;
  e->act = act, e->family = family;
  bpf_get_current_comm(e->comm, sizeof e->comm);
  e->exe[0] = e->cgroup[0] = 0;
  bpf_probe_read_kernel_str(e->exe, sizeof e->exe, BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_name.name));
  bpf_probe_read_kernel_str(e->cgroup, sizeof e->cgroup, BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, name));
  const unsigned long begin = BPF_CORE_READ(task, mm, arg_start);
  __u64 size = BPF_CORE_READ(task, mm, arg_end) - begin;
  if (size >= SKS_ARGS) size = SKS_ARGS - 1;
  e->args_bytes = 0;
  if (bpf_probe_read_user(e->args, size & (SKS_ARGS - 1), (const void *)begin) == 0) e->args_bytes = (__u16)size;
  bpf_ringbuf_submit(e, 0);
}

SK_INLINE __u64 v4_low(__u32 network_order) { return 0xffff00000000ULL | bpf_ntohl(network_order); }
SK_INLINE void tell_v6(__u8 act, struct bpf_sock_addr *ctx) {
  const __u64 a = bpf_ntohl(ctx->user_ip6[0]), b = bpf_ntohl(ctx->user_ip6[1]), c = bpf_ntohl(ctx->user_ip6[2]), d = bpf_ntohl(ctx->user_ip6[3]);
  tell(act, 6, a << 32 | b, c << 32 | d, bpf_ntohs((__u16)ctx->user_port), (__u16)ctx->protocol);
}

SEC("cgroup/sock_create")
int sekisho_sock_create(struct bpf_sock *ctx) {
  if (ctx->type == SOCK_RAW) tell(SKS_MADE_RAW, ctx->family == AF_INET6 ? 6 : 4, 0, 0, 0, (__u16)ctx->protocol);
  return 1;
}
SEC("cgroup/connect4")
int sekisho_connect4(struct bpf_sock_addr *ctx) {
  tell(SKS_CONNECT, 4, 0, v4_low(ctx->user_ip4), bpf_ntohs((__u16)ctx->user_port), (__u16)ctx->protocol);
  return 1;
}
SEC("cgroup/connect6")
int sekisho_connect6(struct bpf_sock_addr *ctx) {
  tell_v6(SKS_CONNECT, ctx);
  return 1;
}
SEC("cgroup/sendmsg4")
int sekisho_sendmsg4(struct bpf_sock_addr *ctx) {
  tell(SKS_SEND, 4, 0, v4_low(ctx->user_ip4), bpf_ntohs((__u16)ctx->user_port), (__u16)ctx->protocol);
  return 1;
}
SEC("cgroup/sendmsg6")
int sekisho_sendmsg6(struct bpf_sock_addr *ctx) {
  tell_v6(SKS_SEND, ctx);
  return 1;
}
/* The cgroup programs do not see packet sockets. */
SEC("tracepoint/syscalls/sys_enter_socket")
int sekisho_enter_socket(struct trace_event_raw_sys_enter *ctx) {
  if ((int)BPF_CORE_READ(ctx, args[0]) == AF_PACKET) tell(SKS_MADE_PACKET, 0, 0, 0, 0, bpf_ntohs((__u16)BPF_CORE_READ(ctx, args[2])));
  return 0;
}
