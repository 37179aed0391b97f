// Processes and sockets of the host that is looked at, from its /proc.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "audit/host_view.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxProcesses = 65'536, kMaxSockets = 1'000'000, kSocketTableBytes = 256 << 20, kMaxNamespaces = 64,
                      kMaxDescriptors = 65'536, kMaxDevices = 10'000;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

void HostView::read_process(std::int64_t pid, const std::string& folder) {
  const auto stat = files_.read(folder + "/stat", 4096);
  Process p;
  if (!stat.ok() || !parse_stat(stat.value().text, p)) return;  // ended meanwhile
  p.pid = pid;
  if (const auto link = files_.link_text(folder + "/exe"); link.ok())
    parse_exe_link(link.value(), p);
  else if (RootedFolder::last_errno() == EACCES || RootedFolder::last_errno() == EPERM)
    unreadable_.insert("/proc/PID/exe");
  if (const auto args = files_.read(folder + "/cmdline", 4096); args.ok()) p.args = parse_arguments(args.value().text);
  p.has_args = !p.args.empty();
  if (const auto status = files_.read(folder + "/status", 8192); status.ok()) p.uid = parse_effective_uid(status.value().text);
  if (const auto cgroup = files_.read(folder + "/cgroup", 16'384); cgroup.ok()) parse_cgroup(cgroup.value().text, p);
  if (const auto ns = files_.link_text(folder + "/ns/mnt"); ns.ok()) p.mount_ns = parse_bracketed(ns.value(), "mnt").value_or(0);
  if (const auto ns = files_.link_text(folder + "/ns/net"); ns.ok()) p.net_ns = parse_bracketed(ns.value(), "net").value_or(0);
  by_pid_[pid] = processes_->size();
  processes_->push_back(std::move(p));
}

const std::vector<Process>& HostView::processes() {
  if (processes_) return *processes_;
  processes_.emplace();
  const auto folders = files_.list("/proc", 4 * kMaxProcesses);
  if (!folders.ok()) return *processes_;
  for (const auto& entry : folders.value()) {
    const auto pid = number(base_name(entry.path));
    if (!pid || entry.info.kind != FileKind::folder) continue;
    if (live() && *pid == ::getpid()) continue;  // this program itself
    if (processes_->size() >= kMaxProcesses || std::chrono::steady_clock::now() > deadline_) {
      met_limit(fmt::format("only the first {} processes were looked at", processes_->size()));
      break;
    }
    read_process(*pid, entry.path);
  }
  // The namespaces that count as the host's: those of this program on a live system, of process 1 elsewhere.
  const auto of_host = [&](const char* name) -> std::uint64_t {
    const auto link = files_.link_text(fmt::format("/proc/{}/ns/{}", live() ? "self" : "1", name));
    return link.ok() ? parse_bracketed(link.value(), name).value_or(0) : 0;
  };
  host_mount_ns_ = of_host("mnt");
  host_net_ns_ = of_host("net");
  return *processes_;
}

const Process* HostView::process(std::int64_t pid) {
  processes();
  const auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : &(*processes_)[found->second];
}

bool HostView::shares_files(const Process& process) {
  processes();
  // A namespace of its own alone is no container: systemd gives one to every service with PrivateTmp. Its root is still the host's.
  if (process.mount_ns == 0 || host_mount_ns_ == 0 || process.mount_ns == host_mount_ns_) return process.container.empty();
  if (!live()) return process.container.empty();
  const auto root = RootedFolder::open(fmt::format("/proc/{}/root", process.pid));
  return process.container.empty() && root.ok() && root.value().is_host();
}

std::optional<bool> HostView::executable_replaced(const Process& process) {
  if (process.exe.empty() || process.exe.front() != '/') return std::nullopt;
  if (!live()) return shares_files(process) ? std::optional{files_.exists(process.exe)} : std::nullopt;
  const auto root = RootedFolder::open(fmt::format("/proc/{}/root", process.pid));
  if (!root.ok()) return std::nullopt;
  return root.value().exists(process.exe);
}

Result<std::string> HostView::running_bytes(const Process& process, std::uint64_t offset, std::size_t max_bytes) const {
  return files_.read_running(process.pid, offset, max_bytes);
}

void HostView::read_sockets(const std::string& folder, std::uint64_t net_ns) {
  struct Table {
    const char* file;
    SocketKind kind;
    bool v6;
  };
  constexpr Table tables[] = {{"tcp", SocketKind::tcp, false},      {"tcp6", SocketKind::tcp, true}, {"udp", SocketKind::udp, false},
                              {"udp6", SocketKind::udp, true},      {"raw", SocketKind::raw, false}, {"raw6", SocketKind::raw, true},
                              {"packet", SocketKind::packet, false}};
  const auto first = sockets_->size();
  for (const auto& table : tables) {
    const auto text = files_.read(folder + "/" + table.file, kSocketTableBytes);
    if (!text.ok()) continue;
    const bool all = table.kind == SocketKind::packet ? parse_packet_sockets(text.value().text, kMaxSockets, *sockets_)
                                                      : parse_inet_sockets(text.value().text, table.kind, table.v6, kMaxSockets, *sockets_);
    if (!all || text.value().truncated) met_limit("more than 1,000,000 sockets: the rest was not looked at");
  }
  for (auto i = first; i < sockets_->size(); ++i) (*sockets_)[i].net_ns = net_ns;
}

bool HostView::has_sockets() { return files_.exists("/proc/net/tcp") || files_.exists("/proc/net/tcp6"); }

const std::vector<HostSocket>& HostView::sockets() {
  if (sockets_) return *sockets_;
  sockets_.emplace();
  read_sockets("/proc/net", 0);
  std::set<std::uint64_t> seen{0, host_net_ns_};
  processes();
  seen.insert(host_net_ns_);
  for (const auto& p : *processes_) {
    if (!seen.insert(p.net_ns).second) continue;
    if (seen.size() > kMaxNamespaces) {
      met_limit("more than 64 network namespaces: the sockets of the others were not looked at");
      break;
    }
    read_sockets(fmt::format("/proc/{}/net", p.pid), p.net_ns);
  }
  return *sockets_;
}

void HostView::read_descriptors() {
  if (holders_) return;
  holders_.emplace();
  for (const auto& p : processes()) {
    if (p.kernel_thread) continue;
    if (std::chrono::steady_clock::now() > deadline_) {
      met_limit("the time was over before every process's open files were looked at");
      return;
    }
    const auto descriptors = files_.list(fmt::format("/proc/{}/fd", p.pid), kMaxDescriptors);
    if (!descriptors.ok()) {
      unreadable_.insert("/proc/PID/fd");
      continue;
    }
    for (const auto& entry : descriptors.value()) {
      const auto target = files_.link_text(entry.path);
      if (!target.ok()) continue;
      if (const auto inode = parse_bracketed(target.value(), "socket")) {
        auto& list = (*holders_)[*inode];
        if (list.empty() || list.back() != &p) list.push_back(&p);
      } else if (target.value().starts_with("/dev/") && !target.value().starts_with("/dev/pts/") && target.value() != "/dev/null" &&
                 !target.value().starts_with("/dev/tty") && devices_.size() < kMaxDevices) {
        devices_.push_back({p.pid, target.value()});
      }
    }
  }
}

const std::vector<const Process*>& HostView::holders(std::uint64_t socket_inode) {
  static const std::vector<const Process*> none;
  read_descriptors();
  const auto found = holders_->find(socket_inode);
  return found == holders_->end() || socket_inode == 0 ? none : found->second;
}

const std::vector<HostView::OpenFile>& HostView::open_devices() {
  read_descriptors();
  return devices_;
}

}  // namespace sekisho
