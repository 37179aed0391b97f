// Processes whose executable is deleted or lives where programs do not: in temporary or hidden folders, in memory alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/elf_signs.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

constexpr std::string_view kIsolate =
    "sekisho contain --host --for 1d --dry-run   # isolate the network first, then the same without --dry-run; leave the host powered\n"
    "cp /proc/{0}/exe /root/evidence-{0}; cp /proc/{0}/maps /root/evidence-{0}.maps   # keep what runs; do not just kill it\n"
    "# then re-image the host from a known-good snapshot";

// Programs that run from memory by design: container runtimes copy themselves against CVE-2019-5736.
constexpr std::array<std::string_view, 4> kMemoryPrograms{"/memfd:runc_cloned:*", "/memfd:runc*", "/memfd:crun*", "/memfd:lxc-*"};
// Parts of /run that hold programs on some distributions.
constexpr std::array<std::string_view, 4> kRunPrograms{"/run/current-system/*", "/run/wrappers/*", "/run/booted-system/*",
                                                       "/run/initramfs/*"};

template <class List>
bool any_glob(const List& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](auto pattern) { return matches_glob(pattern, text); });
}

// An internet socket to somewhere else, or one that writes raw packets: what makes a strange process a dangerous one.
std::string outward_socket(HostView& host, const Process& p) {
  for (const auto& s : host.sockets()) {
    const bool outward = s.kind == SocketKind::raw || s.kind == SocketKind::packet || (s.remote_port != 0 && !is_loopback(s.remote));
    if (!outward) continue;
    const auto& holders = host.holders(s.inode);
    if (std::any_of(holders.begin(), holders.end(), [&](const Process* h) { return h->pid == p.pid; })) return describe(s);
  }
  return {};
}

// "[kworker/0:1]" is how kernel threads are shown; a program that calls itself so hides.
bool poses_as_kernel_thread(const Process& p) {
  if (p.kernel_thread || p.exe.empty()) return false;
  const auto& name = p.args.empty() ? p.comm : p.args.front();
  return name.size() > 2 && name.front() == '[' && name.back() == ']';
}

// 8 to 15 letters and digits with no meaning, and no command line left: what bots of the family make of themselves.
bool random_name_wiped(const Process& p) {
  if (p.kernel_thread || p.has_args || p.exe.empty() || p.comm.size() < 8) return false;
  if (base_name(p.exe).starts_with(p.comm)) return false;
  return std::all_of(p.comm.begin(), p.comm.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

struct Judgement {
  AuditState state = AuditState::ok;
  std::string what;
};

Judgement judge(HostView& host, const Process& p) {
  if (p.kernel_thread || p.exe.empty()) return {};
  const bool temporary = in_temporary_folder(p.exe) && !any_glob(kRunPrograms, p.exe);
  const bool hidden = has_hidden_part(p.exe) && (temporary || p.exe_deleted);
  const bool here = host.shares_files(p);
  if (p.exe.starts_with("/memfd:")) {
    if (any_glob(kMemoryPrograms, p.exe)) return {};
    return {AuditState::high, "runs from memory alone, without a file"};
  }
  if (p.exe_deleted && !temporary) {
    const auto replaced = host.executable_replaced(p);
    if (replaced.value_or(false))
      return {AuditState::low, "runs the old file of a program that was replaced (restart it after an upgrade)"};
    if (!here && !replaced) return {AuditState::medium, "runs a deleted executable, inside a container"};
    return {AuditState::high, "runs an executable that was deleted"};
  }
  if (p.exe_deleted) return {AuditState::critical, "runs an executable that was deleted from a temporary folder"};
  if (temporary && hidden) return {AuditState::critical, "runs from a hidden place in a temporary folder"};
  if (temporary) return {here ? AuditState::high : AuditState::medium, "runs from a temporary folder"};
  if (poses_as_kernel_thread(p)) return {AuditState::high, "is an ordinary program that calls itself a kernel thread"};
  if (random_name_wiped(p)) return {AuditState::medium, "has a name without meaning and wiped its command line"};
  return {};
}

void report(HostView& host, const Process& p, Judgement j, Findings& out) {
  AuditFinding f;
  f.key = fmt::format("{} {}", shown(p.exe), j.what);
  f.evidence = {describe(host, p)};
  if (!p.args.empty()) {
    std::string line;
    for (const auto& arg : p.args) line += (line.empty() ? "" : " ") + arg;
    f.evidence.push_back("command line: " + shown(line, 160));
  }
  if (j.state >= AuditState::medium) {
    if (const auto socket = outward_socket(host, p); !socket.empty()) {
      f.evidence.push_back("holds " + socket);
      if (p.exe_deleted || j.state == AuditState::high) j.state = AuditState::critical;
    }
    if (const auto bytes = host.running_bytes(p, 0, 4 << 20); bytes.ok()) {
      const auto signs = elf_signs(bytes.value());
      if (signs.is_elf) f.evidence.push_back(fmt::format("/proc/{}/exe: {}", p.pid, describe(signs)));
      if (!signs.families.empty()) j.state = AuditState::critical;
    }
  }
  f.state = j.state;
  f.title = fmt::format("{} (pid {}) {}", shown(p.exe), p.pid, j.what);
  f.infection = j.state >= AuditState::high;
  if (j.state == AuditState::low) {
    f.why = "Until it is restarted it runs the code from before the upgrade, with the faults that the upgrade mended.";
    f.fix =
        p.unit.ends_with(".service") ? fmt::format("systemctl restart {}", shown(p.unit, 80)) : fmt::format("restart it (pid {})", p.pid);
    f.undo = "nothing to undo";
  } else {
    f.why = "Bots delete their file after the start, run from temporary folders and hide their name, so that nothing is found on the disk.";
    f.fix = fmt::format(fmt::runtime(kIsolate), p.pid);
    f.undo = "sekisho contain list; sekisho contain release ID";
  }
  out.push_back(std::move(f));
}

void run(HostView& host, Findings& out) {
  if (!host.has_processes()) {
    out.push_back(
        {.key = "processes", .state = AuditState::unknown, .title = "an image has no processes: nothing to tell about what runs"});
    return;
  }
  std::size_t judged = 0, hidden = 0, found = 0;
  std::vector<std::string> keys;
  for (const auto& p : host.processes()) {
    if (p.kernel_thread) continue;
    if (p.exe.empty()) {
      ++hidden;
      continue;
    }
    ++judged;
    const auto j = judge(host, p);
    if (j.state == AuditState::ok) continue;
    // Many children of one binary are one finding.
    auto key = p.exe + j.what;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    keys.push_back(std::move(key));
    ++found;
    report(host, p, j, out);
  }
  if (hidden && host.live() && !host.as_root())
    out.push_back({.key = "not readable",
                   .state = AuditState::unknown,
                   .title = fmt::format("the executables of {} processes are not shown to this user", hidden),
                   .fix = "sudo sekisho audit"});
  if (found == 0)
    out.push_back({.key = "processes", .title = fmt::format("{} processes run from files that are where programs belong", judged)});
}

const Register<CheckSpec> reg{
    {"processes", "processes with a deleted executable, or one in temporary or hidden folders or in memory", run}};

}  // namespace
}  // namespace sekisho
