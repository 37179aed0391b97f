// Through the system calls themselves: three of them are not worth a library.
#include "app/privileges.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace sekisho {
namespace {

constexpr std::uint64_t bit(unsigned capability) { return 1ULL << capability; }
constexpr std::uint64_t kKept = bit(CAP_NET_RAW) | bit(CAP_NET_ADMIN) | bit(CAP_BPF) | bit(CAP_PERFMON) | bit(CAP_SYS_PTRACE) |
                                bit(CAP_DAC_READ_SEARCH) | bit(CAP_SYSLOG);

Error failed(const char* what) { return {fmt::format("cannot give up rights: {}: {}", what, std::strerror(errno))}; }

}  // namespace

Result<void> drop_privileges(bool keep_sys_admin) {
  const auto wanted = kKept | (keep_sys_admin ? bit(CAP_SYS_ADMIN) : 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return failed("capget");
  const auto permitted = data[0].permitted | std::uint64_t{data[1].permitted} << 32;
  // The bounding set first: taking from it needs a right that is about to go.
  if (permitted & bit(CAP_SETPCAP))
    for (unsigned c = 0; ::prctl(PR_CAPBSET_READ, c) >= 0; ++c)
      if (!(wanted & bit(c)) && ::prctl(PR_CAPBSET_DROP, c) != 0) return failed("bounding set");
  const auto kept = permitted & wanted;
  for (unsigned i = 0; i < 2; ++i) {
    data[i].permitted = data[i].effective = static_cast<std::uint32_t>(kept >> (32 * i));
    data[i].inheritable &= data[i].permitted;
  }
  if (::syscall(SYS_capset, &header, data) != 0) return failed("capset");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
  return {};
}

}  // namespace sekisho
