// setuid, capabilities, seccomp.
#include "web/privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/text.h"

namespace sekisho {
namespace {

Error failed(std::string_view what) { return {fmt::format("{}: {}", what, std::strerror(errno))}; }

Result<void> drop_capabilities() {
  // The bounding set first: it takes a capability to lower it.
  for (int capability = 0; capability <= 63; ++capability) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) return failed("cannot give up the capabilities");
  return {};
}

}  // namespace

Result<std::string> drop_privileges(const std::string& user) {
  std::string said;
  if (::geteuid() == 0) {
    if (const auto* entry = user.empty() ? nullptr : ::getpwnam(user.c_str())) {
      const auto uid = entry->pw_uid;
      const auto gid = entry->pw_gid;
      if (::initgroups(user.c_str(), gid) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0)
        return failed(fmt::format("cannot become the user {}", escape_hostile(user)));
      if (uid != 0 && ::setuid(0) == 0) return Error{"root could be had back: not going on"};
      said = fmt::format("as user {}", escape_hostile(user));
    } else {
      said = fmt::format("as root without capabilities (there is no user '{}': see [web] user)", escape_hostile(user));
    }
  }
  TRY(drop_capabilities());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("cannot forbid new privileges");
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return said;
}

Result<void> refuse_system_calls() {
#if defined(__x86_64__)
  constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
  return Error{"no list of system calls for this processor"};
#endif
  constexpr int refused[] = {SYS_execve,
                             SYS_execveat,
                             SYS_ptrace,
                             SYS_process_vm_readv,
                             SYS_process_vm_writev,
                             SYS_mount,
                             SYS_umount2,
                             SYS_pivot_root,
                             SYS_chroot,
                             SYS_setns,
                             SYS_unshare,
                             SYS_init_module,
                             SYS_finit_module,
                             SYS_delete_module,
                             SYS_kexec_load,
                             SYS_reboot,
                             SYS_swapon,
                             SYS_swapoff,
                             SYS_bpf,
                             SYS_perf_event_open,
                             SYS_userfaultfd,
                             SYS_add_key,
                             SYS_request_key,
                             SYS_keyctl,
                             SYS_acct,
                             SYS_settimeofday,
                             SYS_clock_settime,
                             SYS_adjtimex,
                             SYS_sethostname,
                             SYS_setdomainname,
                             SYS_personality,
                             SYS_io_uring_setup,
                             SYS_mknodat,
                             SYS_kill,
                             SYS_tkill,
                             SYS_pidfd_send_signal,
                             SYS_fchownat,
                             SYS_fchown,
                             SYS_setuid,
                             SYS_setgid,
                             SYS_setresuid,
                             SYS_setresgid};
  std::vector<sock_filter> program{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const int call : refused) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  }
  // socket(): unix, IPv4 and IPv6 alone; no packet, netlink or other family.
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5));
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1 /* AF_UNIX */, 3, 0));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2 /* AF_INET */, 2, 0));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 10 /* AF_INET6 */, 1, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  // TSYNC: also the threads that run already.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0) return failed("seccomp");
  return {};
}

}  // namespace sekisho
