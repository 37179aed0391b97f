// Who holds /dev/watchdog: bots disarm it, so that a device that they overload does not restart and lose them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/check.h"
#include "audit/describe.h"

namespace sekisho {
namespace {

constexpr std::array<std::string_view, 9> kKnown{"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/usr/sbin/watchdog",
                                                 "/usr/sbin/wd_keepalive",   "/usr/sbin/sbd",        "/usr/sbin/corosync",
                                                 "/usr/sbin/watchdogd",      "/sbin/init",           "/usr/sbin/watchdog-mux"};

void run(HostView& host, Findings& out) {
  if (!host.has_processes()) {
    out.push_back({.key = "watchdog", .state = AuditState::unknown, .title = "an image has no processes: nobody holds its watchdog"});
    return;
  }
  bool found = false;
  for (const auto& file : host.open_devices()) {
    if (!file.target.starts_with("/dev/watchdog") && file.target != "/dev/misc/watchdog") continue;
    const auto* p = host.process(file.pid);
    if (!p) continue;
    const bool known = !p->exe_deleted && std::find(kKnown.begin(), kKnown.end(), p->exe) != kKnown.end();
    if (known) continue;
    found = true;
    const bool bad = p->exe_deleted || in_temporary_folder(p->exe) || has_hidden_part(p->exe);
    out.push_back({.key = fmt::format("{} {}", shown(file.target), shown(p->exe)),
                   .state = bad ? AuditState::critical : AuditState::medium,
                   .title = fmt::format("{} is held by {}", shown(file.target), shown(p->exe.empty() ? p->comm : p->exe)),
                   .evidence = {fmt::format("{} open in {}", shown(file.target), describe(host, *p))},
                   .why = "Bots of the Mirai family keep the watchdog quiet, so that the machine does not restart and lose them.",
                   .fix = fmt::format("ls -l /proc/{0}/exe /proc/{0}/fd   # not yours: sekisho contain --host --for 1d --dry-run", p->pid),
                   .undo = "looking changes nothing",
                   .infection = bad});
  }
  if (found) return;
  if (!host.as_root() && host.live())
    out.push_back({.key = "watchdog", .state = AuditState::unknown, .title = "who holds /dev/watchdog: only root sees it"});
  else
    out.push_back({.key = "watchdog", .title = "no unknown process holds /dev/watchdog"});
}

const Register<CheckSpec> reg{{"watchdog", "processes that hold the hardware watchdog", run}};

}  // namespace
}  // namespace sekisho
