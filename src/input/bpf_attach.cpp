// XDP and tcx links by bpf(2), tc filters by libbpf.
#include "input/bpf_attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

namespace sekisho {
namespace {

// Debian 12's headers are older than tcx (Linux 6.6).
constexpr __u32 kTcxIngress = 46, kTcxEgress = 47, kBefore = 1 << 3;
struct LinkCreate {  // the part of union bpf_attr that BPF_LINK_CREATE reads, with the tail that tcx has
  __u32 program_fd = 0, target_ifindex = 0, attach_type = 0, flags = 0, relative = 0, unused = 0;
  __u64 expected_revision = 0;
};

constexpr __u32 kHandle = 0x5e15;  // of our filters, so that only ours are removed
constexpr __u32 kPriority = 1;

std::string reason(int error) {
  switch (error) {
    case EPERM:
    case EACCES: return "not permitted (CAP_BPF and CAP_NET_ADMIN are needed)";
    case EBUSY: return "another program is attached there";
    case EOPNOTSUPP: return "its driver cannot do that";
    default: return std::strerror(error);
  }
}

bpf_tc_hook hook_of(unsigned ifindex, BpfAttachment::Way way) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = way == BpfAttachment::Way::in ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  return hook;
}

void remove_filter(unsigned ifindex, BpfAttachment::Way way) {
  auto hook = hook_of(ifindex, way);
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = kHandle, options.priority = kPriority;
  bpf_tc_detach(&hook, &options);
}

}  // namespace

BpfAttachment::BpfAttachment(BpfAttachment&& other) noexcept
    : link_(std::move(other.link_)), filter_ifindex_(std::exchange(other.filter_ifindex_, 0)), way_(other.way_) {}

BpfAttachment::~BpfAttachment() {
  if (filter_ifindex_) remove_filter(filter_ifindex_, way_);
}

Result<BpfAttachment> BpfAttachment::xdp(int program_fd, unsigned ifindex) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = XDP_FLAGS_DRV_MODE;
  BpfAttachment a;
  a.link_ = Fd{bpf_link_create(program_fd, static_cast<int>(ifindex), BPF_XDP, &options)};
  if (!a.link_) return Error{"native XDP: " + reason(errno)};
  return a;
}

Result<BpfAttachment> BpfAttachment::tc(int program_fd, unsigned ifindex, Way way) {
  LinkCreate attributes;
  attributes.program_fd = static_cast<__u32>(program_fd), attributes.target_ifindex = ifindex;
  attributes.attach_type = way == Way::in ? kTcxIngress : kTcxEgress;
  attributes.flags = kBefore;  // first: it has to see what others drop
  BpfAttachment a;
  a.way_ = way;
  a.link_ = Fd{static_cast<int>(::syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes))};
  if (a.link_) return a;
  if (errno == EPERM || errno == EACCES || errno == ENODEV) return Error{"tcx: " + reason(errno)};
  return tc_filter(program_fd, ifindex, way);
}

Result<BpfAttachment> BpfAttachment::tc_filter(int program_fd, unsigned ifindex, Way way) {
  auto hook = hook_of(ifindex, way);
  const int made = bpf_tc_hook_create(&hook);  // the clsact queue; it stays, since others may have put filters there meanwhile
  if (made != 0 && made != -EEXIST) return Error{"tc: " + reason(-made)};
  remove_filter(ifindex, way);  // of a process that was killed
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = program_fd, options.handle = kHandle, options.priority = kPriority;
  if (const int error = bpf_tc_attach(&hook, &options); error != 0) return Error{"tc: " + reason(-error)};
  BpfAttachment a;
  a.way_ = way;
  a.filter_ifindex_ = ifindex;
  return a;
}

}  // namespace sekisho
