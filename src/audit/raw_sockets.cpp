// Raw and packet sockets and who holds them: bots send scans and floods through them.
#include <fmt/format.h>

#include <algorithm>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/text_lines.h"
#include "model/raw_socket_owners.h"

namespace sekisho {
namespace {

// What the program is, empty if it is none of the known ones. A deleted or relabelled file is nobody's known program.
std::string_view known_owner(HostView& host, const Process& p) {
  if (p.exe.empty() || p.exe_deleted || !host.shares_files(p)) return {};
  for (const auto& owner : kRawSocketOwners)
    if (matches_glob(owner.path, p.exe)) return owner.what;
  for (const auto& path : host.settings().raw_socket_owners)
    if (matches_glob(path, p.exe)) return "listed in [audit] raw_socket_owners";
  return {};
}

AuditState state_of(const HostSocket& s, const Process* p) {
  if (!p) return AuditState::medium;
  if (p->exe_deleted || in_temporary_folder(p->exe) || has_hidden_part(p->exe)) return AuditState::critical;
  if (!p->container.empty()) return AuditState::medium;
  // ICMP is what diagnosis needs; TCP, UDP, GRE and "any" are what floods are made with.
  const bool icmp = s.kind == SocketKind::raw && (s.protocol == 1 || s.protocol == 58);
  return icmp ? AuditState::low : AuditState::high;
}

void run(HostView& host, Findings& out) {
  if (!host.has_sockets()) {
    out.push_back({.key = "sockets", .state = AuditState::unknown, .title = "an image has no sockets: nothing to tell about raw ones"});
    return;
  }
  std::vector<std::string> good;
  std::size_t total = 0;
  std::vector<std::string> seen;
  for (const auto& s : host.sockets()) {
    if (s.kind != SocketKind::raw && s.kind != SocketKind::packet) continue;
    ++total;
    const auto& holders = host.holders(s.inode);
    const Process* p = holders.empty() ? nullptr : holders.front();
    if (p)
      if (const auto what = known_owner(host, *p); !what.empty()) {
        good.push_back(fmt::format("{}: {} ({})", describe(s), describe(host, *p), what));
        continue;
      }
    // A process with a hundred sockets is one finding.
    auto key = fmt::format("{} {}", describe(s), p ? shown(p->exe.empty() ? p->comm : p->exe) : "unknown process");
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    const auto state = state_of(s, p);
    out.push_back({.key = std::move(key),
                   .state = state,
                   .title = fmt::format("{} held by {}", describe(s), p ? shown(p->exe.empty() ? p->comm : p->exe) : "an unknown process"),
                   .evidence = {describe(s), describe_holders(host, s)},
                   .why = "Through a raw socket a program writes whole packets, with any source address: scans and floods are sent so. "
                          "Packet sockets also read all traffic and pass by the firewall's output rules.",
                   .fix = p ? fmt::format("ls -l /proc/{0}/exe; tr '\\0' ' ' </proc/{0}/cmdline   # not yours: sekisho contain --help; "
                                          "yours: list it in [audit] raw_socket_owners",
                                          p->pid)
                            : "as root: ss -0 -a -p; ss -w -a -p",
                   .undo = "looking changes nothing",
                   .infection = state >= AuditState::high});
  }
  if (total == 0)
    out.push_back({.key = "sockets", .title = "no raw and no packet sockets are open"});
  else if (good.size() == total)
    out.push_back({.key = "sockets", .title = fmt::format("{} raw or packet sockets, all of known programs", total), .evidence = good});
}

const Register<CheckSpec> reg{{"raw_sockets", "raw and packet sockets of unknown programs", run}};

}  // namespace
}  // namespace sekisho
