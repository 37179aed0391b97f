// Walks from this process to its sshd, and from sshd's descriptors to the connection in /proc/net/tcp.
#include "response/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <map>
#include <set>

#include "model/proc_text.h"

namespace sekisho {
namespace {

constexpr std::size_t kTableBytes = 64 << 20, kMaxSockets = 500'000, kMaxProcesses = 65'536, kMaxDescriptors = 4096;
constexpr std::int64_t kTicksPerSecond = 100;  // USER_HZ, fixed in the kernel's interface

bool is_named_sshd(const Process& p) { return p.comm == "sshd" || p.comm == "sshd-session" || p.comm == "dropbear"; }

std::optional<Process> process_at(const RootedFolder& files, std::int64_t pid) {
  Process p;
  const auto stat = files.read(fmt::format("/proc/{}/stat", pid), 4096);
  if (!stat.ok() || !parse_stat(stat.value().text, p)) return std::nullopt;
  return p;
}

// Any process may take that name: a server of SSH is root's, and what runs as somebody else in a session is its child.
bool is_sshd(const RootedFolder& files, const Process& p) {
  if (!is_named_sshd(p)) return false;
  const auto is_roots = [&](std::int64_t pid) {
    const auto status = files.read(fmt::format("/proc/{}/status", pid), 16'384);
    return status.ok() && parse_effective_uid(status.value().text) == 0;
  };
  if (is_roots(p.pid)) return true;
  const auto parent = process_at(files, p.parent);
  return parent && is_named_sshd(*parent) && is_roots(parent->pid);
}

std::set<std::uint64_t> socket_inodes(const RootedFolder& files, std::int64_t pid) {
  std::set<std::uint64_t> inodes;
  const auto entries = files.list(fmt::format("/proc/{}/fd", pid), kMaxDescriptors);
  if (!entries.ok()) return inodes;
  for (const auto& entry : entries.value())
    if (const auto target = files.link_text(entry.path); target.ok())
      if (const auto inode = parse_bracketed(target.value(), "socket")) inodes.insert(*inode);
  return inodes;
}

enum class Login { signed_in, waiting, none };

// Before the login succeeds the title is "sshd: [accepted]" or "sshd: root [net]"; the process above a session ends in "[priv]", the one
// that listens has "[listener]" in it. Dropbear has no titles.
Login login_of(const RootedFolder& files, const Process& p) {
  if (p.comm == "dropbear") return Login::signed_in;
  const auto text = files.read(fmt::format("/proc/{}/cmdline", p.pid), 4096);
  if (!text.ok()) return Login::waiting;
  const auto arguments = parse_arguments(text.value().text);
  if (arguments.empty()) return Login::waiting;
  std::string_view title = arguments.front();
  if (title.find("[listener]") != std::string_view::npos || title.ends_with("[priv]")) return Login::none;
  const auto colon = title.find(": ");
  if (!title.starts_with("sshd") || colon == std::string_view::npos) return Login::waiting;
  title.remove_prefix(colon + 2);
  return title.substr(0, title.find(' ')).find('@') != std::string_view::npos ? Login::signed_in : Login::waiting;
}

// IPv4 peers of a socket of family IPv6 are ::ffff:a.b.c.d, which is the same Address here.
ManagementPeer peer_of(const HostSocket& s) { return {s.remote, s.local_port, s.remote_port}; }

bool same(const ManagementPeer& a, const ManagementPeer& b) {
  return a.address == b.address && a.local_port == b.local_port && a.peer_port == b.peer_port;
}

// "192.0.2.7 50612 198.51.100.10 22"
std::optional<ManagementPeer> from_variable(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (words.size() != 4) return std::nullopt;
  const auto address = parse_address(words[0]);
  ManagementPeer peer;
  const auto port = [](std::string_view digits, std::uint16_t& into) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
    return error == std::errc{} && end == digits.data() + digits.size() && into != 0;
  };
  if (!address || !port(words[1], peer.peer_port) || !port(words[3], peer.local_port)) return std::nullopt;
  peer.address = *address;
  return peer;
}

}  // namespace

SshSockets ssh_sockets(const RootedFolder& files, std::int64_t pid, std::int64_t boot_time_s) {
  SshSockets found;
  for (auto p = process_at(files, pid); p; p = p->parent > 1 ? process_at(files, p->parent) : std::nullopt)
    if (is_sshd(files, *p))
      found.above.push_back({socket_inodes(files, p->pid), boot_time_s + static_cast<std::int64_t>(p->start_ticks) / kTicksPerSecond});
  const auto folders = files.list("/proc", kMaxProcesses);
  if (!folders.ok()) return found;
  for (const auto& entry : folders.value()) {
    std::int64_t number = 0;
    const auto name = std::string_view{entry.path}.substr(6);
    if (const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        error != std::errc{} || end != name.data() + name.size())
      continue;
    const auto p = process_at(files, number);
    if (!p || !is_sshd(files, *p)) continue;
    auto inodes = socket_inodes(files, number);
    const auto login = login_of(files, *p);
    if (login == Login::signed_in) found.signed_in.insert(inodes.begin(), inodes.end());
    found.waiting |= login == Login::waiting;
    found.all.merge(inodes);
  }
  return found;
}

Session session_of(const RootedFolder& files, const SshSockets& ssh, std::string_view ssh_connection) {
  Session session;
  // The kernel walks its whole table of connections for these files: only where an SSH server has sockets at all.
  std::vector<HostSocket> sockets;
  for (const bool v6 : {false, true}) {
    if (ssh.above.empty() && ssh.all.empty()) break;
    const auto text = files.read(v6 ? "/proc/net/tcp6" : "/proc/net/tcp", kTableBytes);
    if (text.ok()) parse_inet_sockets(text.value().text, SocketKind::tcp, v6, kMaxSockets, sockets);
  }
  // The listening sshd holds no connection that is established.
  for (const auto& [inodes, started_s] : ssh.above) {
    for (const auto& s : sockets)
      if (s.state == kTcpEstablished && inodes.contains(s.inode)) {
        session.ssh = peer_of(s);
        session.how = "this SSH session";
        session.connected_s = started_s;
      }
    if (session.ssh) break;
  }
  if (!session.ssh)
    if (const auto peer = from_variable(ssh_connection)) {
      session.ssh = peer;
      session.how = "this SSH session (SSH_CONNECTION)";
    }
  if (!session.ssh) session.how = "no SSH session";

  std::set<std::uint16_t> ports;
  for (const auto& s : sockets)
    if (s.state == kTcpListen && ssh.all.contains(s.inode)) ports.insert(s.local_port);
  for (const auto& s : sockets)
    if (s.state == kTcpEstablished && ssh.signed_in.contains(s.inode) && session.signed_in.size() < 1024)
      session.signed_in.push_back(peer_of(s));
  for (const auto& s : sockets)
    if (s.state == kTcpEstablished && ports.contains(s.local_port) && session.other_ssh.size() < 64)
      session.other_ssh.push_back(peer_of(s));
  return session;
}

Session session_of(const RootedFolder& files, std::int64_t pid, std::string_view ssh_connection, std::int64_t boot_time_s) {
  return session_of(files, ssh_sockets(files, pid, boot_time_s), ssh_connection);
}

Session current_session() {
  const char* variable = std::getenv("SSH_CONNECTION");
  timespec now{}, up{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  Session session;
  if (const auto files = RootedFolder::open("/"); files.ok()) {
    session = session_of(files.value(), ::getpid(), variable ? variable : "", now.tv_sec - up.tv_sec);
    if (const auto text = files.value().read("/proc/self/loginuid", 64); text.ok()) {
      std::uint32_t uid = 0xffffffffU;
      std::from_chars(text.value().text.data(), text.value().text.data() + text.value().text.size(), uid);
      if (uid != 0xffffffffU) session.login_uid = uid;
    }
  }
  session.session_id = ::getsid(0);
  return session;
}

std::optional<std::string> why_not_new(const Session& now, const std::optional<ManagementPeer>& started_ssh,
                                       std::int64_t started_session_id, std::int64_t started_s) {
  if (now.ssh && started_ssh && same(*now.ssh, *started_ssh)) return "this is the SSH connection from which it was started";
  // sshd's process begins with the connection; one second for rounding.
  if (now.ssh && now.connected_s != 0 && now.connected_s + 1 < started_s)
    return "this SSH connection was there before the containment: it does not prove that a new one gets through";
  if (now.session_id == started_session_id) return "this is the session from which it was started";
  return std::nullopt;
}

}  // namespace sekisho
