// Listeners on ports that bots probe on devices, as far as they are reachable from outside.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/firewall_state.h"
#include "model/device_ports.h"

namespace sekisho {
namespace {

// Ports with a check of their own, and those of ordinary servers.
bool looked_at(std::uint16_t port) {
  constexpr std::uint16_t others[] = {22, 23, 2222, 2323, 8443, 48101};
  return is_telling_port(port) && std::find(std::begin(others), std::end(others), port) == std::end(others);
}

void run(HostView& host, Findings& out) {
  if (!host.has_sockets()) {
    out.push_back({.key = "ports", .state = AuditState::unknown, .title = "an image has no listeners on ports of devices"});
    return;
  }
  const auto before = out.size();
  std::optional<FirewallState> firewall;
  std::size_t blocked = 0;
  std::set<std::string> seen;
  for (const auto& s : host.sockets()) {
    if (s.kind != SocketKind::tcp || s.state != kTcpListen || s.net_ns != 0 || is_loopback(s.local) || !looked_at(s.local_port)) continue;
    const auto& allowed = host.settings().allowed_listeners;
    if (std::find(allowed.begin(), allowed.end(), std::to_string(s.local_port)) != allowed.end()) continue;
    if (!seen.insert(describe(s)).second) continue;
    if (!firewall) firewall = firewall_state(host);
    const auto answer = follow_host(host, *firewall, RuleProbe::Way::input, !is_v4(s.local), s.local_port);
    if (firewall->loaded && answer.verdict == RuleAnswer::Verdict::blocked) {
      ++blocked;
      continue;
    }
    const bool unsure = answer.verdict == RuleAnswer::Verdict::cannot_tell;
    out.push_back({.key = describe(s),
                   .state = unsure ? AuditState::low : AuditState::medium,
                   .title = fmt::format("port {} of devices is listening, {}", s.local_port, unsure ? "and whether it can be reached cannot be told" : "and no rule keeps others from it"),
                   .evidence = {describe(s), describe_holders(host, s)},
                   .why = "Bots probe this port for devices with known faults, all day and on every address.",
                   .fix = fmt::format("nft add table inet sekisho_ports\nnft add chain inet sekisho_ports input '{{ type filter hook input priority 0; policy accept; }}'\n"
                                      "nft add rule inet sekisho_ports input iifname != lo tcp dport {0} counter reject\n# meant to be public: list \"{0}\" in [audit] allowed_listeners",
                                      s.local_port),
                   .undo = "nft delete table inet sekisho_ports"});
  }
  if (out.size() == before)
    out.push_back({.key = "ports", .title = blocked ? fmt::format("{} listeners on ports of devices, all kept from outside by the loaded rules", blocked)
                                                    : std::string{"no listeners on ports of devices"}});
}

const Register<CheckSpec> reg{{"device_ports", "listeners on ports that bots probe, reachable from outside", run}};

}  // namespace
}  // namespace sekisho
