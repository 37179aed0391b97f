// Text about processes, sockets and paths.
#include "audit/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/check.h"
#include "base/text.h"
#include "base/time.h"

namespace sekisho {
namespace {

std::string_view protocol_name(std::uint16_t protocol) {
  switch (protocol) {
    case 1: return " (ICMP)";
    case 2: return " (IGMP)";
    case 6: return " (TCP)";
    case 17: return " (UDP)";
    case 47: return " (GRE)";
    case 50: return " (ESP)";
    case 58: return " (ICMPv6)";
    case 89: return " (OSPF)";
    case 112: return " (VRRP)";
    case 255: return " (any, sending)";
    default: return "";
  }
}

std::string endpoint(const Address& address, std::uint16_t port) {
  return is_v4(address) ? fmt::format("{}:{}", to_string(address), port) : fmt::format("[{}]:{}", to_string(address), port);
}

constexpr std::array<std::string_view, 5> kTemporary{"/tmp/", "/var/tmp/", "/dev/shm/", "/run/", "/var/run/"};

}  // namespace

std::string_view to_string(AuditState state) {
  constexpr std::array<std::string_view, 6> names{"ok", "unknown", "low", "medium", "high", "critical"};
  return names[static_cast<std::size_t>(state)];
}

bool parse_audit_state(std::string_view text, AuditState& out) {
  for (std::size_t i = 0; i < 6; ++i)
    if (to_string(static_cast<AuditState>(i)) == text) return out = static_cast<AuditState>(i), true;
  return false;
}

std::string shown(std::string_view hostile, std::size_t max_bytes) { return escape_hostile(hostile, max_bytes); }

std::string describe(HostView& host, const Process& p) {
  std::string text = fmt::format("pid {} {}{}", p.pid, p.exe.empty() ? fmt::format("\"{}\"", shown(p.comm, 40)) : shown(p.exe),
                                 p.exe_deleted ? " (deleted)" : "");
  if (!p.exe.empty() && base_name(p.exe).substr(0, 15) != p.comm) text += fmt::format(" called \"{}\"", shown(p.comm, 40));
  if (p.uid >= 0) text += fmt::format(", uid {}", p.uid);
  if (!p.container.empty())
    text += fmt::format(", container {}", shown(p.container.substr(0, 12), 40));
  else if (!p.unit.empty())
    text += fmt::format(", {}", shown(p.unit, 80));
  if (const auto* parent = p.parent > 1 ? host.process(p.parent) : nullptr)
    text += fmt::format(", started by {} ({})", shown(parent->comm, 40), parent->pid);
  return text;
}

std::string describe(const HostSocket& s) {
  if (s.kind == SocketKind::packet) return fmt::format("packet socket, Ethernet type {:#06x}", s.protocol);
  if (s.kind == SocketKind::raw) return fmt::format("raw {} protocol {}{}", s.v6 ? "IPv6" : "IPv4", s.protocol, protocol_name(s.protocol));
  const auto kind = s.kind == SocketKind::tcp ? "tcp" : "udp";
  if (s.remote_port == 0) return fmt::format("{} {}", kind, endpoint(s.local, s.local_port));
  return fmt::format("{} {} to {}", kind, endpoint(s.local, s.local_port), endpoint(s.remote, s.remote_port));
}

std::string describe_holders(HostView& host, const HostSocket& socket) {
  const auto& holders = host.holders(socket.inode);
  if (holders.empty())
    return host.live() && !host.as_root() ? "its process is not known: only root sees every process's sockets"
                                          : "no process holds it openly (the kernel itself, another PID namespace, or a hidden process)";
  std::string text = describe(host, *holders.front());
  if (holders.size() > 1) text += fmt::format(" and {} more", holders.size() - 1);
  return text;
}

std::string stop_command(const Process& p) {
  if (p.unit.ends_with(".service") || p.unit.ends_with(".socket")) return fmt::format("systemctl disable --now {}", shown(p.unit, 80));
  return fmt::format("kill {}   # pid {} is {}", p.pid, p.pid, shown(p.comm, 40));
}

bool is_loopback(const Address& a) { return is_v4(a) ? v4_value(a) >> 24 == 127 : a.high == 0 && a.low == 1; }

bool in_temporary_folder(std::string_view path) {
  return std::any_of(kTemporary.begin(), kTemporary.end(), [&](auto folder) { return path.starts_with(folder); });
}

bool has_hidden_part(std::string_view path) {
  // Where people and programs keep settings and tools of their own.
  constexpr std::array<std::string_view, 14> known{".local", ".cargo", ".rustup", ".nvm",    ".vscode-server", ".cache", ".config",
                                                   ".pyenv", ".npm",   ".bun",    ".dotnet", ".cursor-server", ".asdf",  ".mount_"};
  for (std::size_t at = 0; (at = path.find("/.", at)) != std::string_view::npos;) {
    const auto part = path.substr(at + 1, path.find('/', at + 1) - at - 1);
    at += 2;
    if (part == "." || part == "..") continue;
    if (part.starts_with(".mount_") || part.ends_with(".build-id")) continue;
    if (std::find(known.begin(), known.end(), part) == known.end()) return true;
  }
  return false;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace sekisho
