// Rights of the running agent: once everything is open, only those stay that something still needs.
#pragma once
#include <string>

#include "base/result.h"

namespace sekisho {

// Before the first thread is started: rights belong to threads. Keeps CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON (interfaces that
// come back are opened again), CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (which process has a connection; logs that only root reads),
// CAP_SYSLOG (the kernel's log), and CAP_SYS_ADMIN only when asked to (to enter containers' network namespaces); gives up all others for
// good, also for programs that the agent starts, and the way to more through set-user-id programs. Without any capabilities this is
// nothing.
Result<void> drop_privileges(bool keep_sys_admin = false);

}  // namespace sekisho
