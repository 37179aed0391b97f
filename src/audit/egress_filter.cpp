// Can this host reach the ports that bots scan and report to? Decided from the loaded rules, for IPv4 and IPv6.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "audit/check.h"
#include "audit/firewall_state.h"

namespace sekisho {
namespace {

using Verdict = RuleAnswer::Verdict;

struct Port {
  std::uint16_t number;
  std::string_view what;
};
constexpr std::array<Port, 5> kPorts{{{23, "telnet, which bots scan for"},
                                      {2323, "telnet's second port, which bots scan for"},
                                      {48101, "where bots report hosts that they broke into"},
                                      {37215, "routers that bots break into (CVE-2017-17215)"},
                                      {52869, "devices that bots break into (CVE-2014-8361)"}}};

constexpr std::string_view kFix =
    "nft add table inet sekisho_egress\n"
    "nft add chain inet sekisho_egress output '{ type filter hook output priority 0; policy accept; }'\n"
    "nft add rule inet sekisho_egress output tcp dport '{ 23, 2323, 37215, 48101, 52869 }' counter reject\n"
    "# to keep it over a restart: nft list table inet sekisho_egress >>/etc/nftables.conf && systemctl enable nftables";

std::string_view word(Verdict v) {
  switch (v) {
    case Verdict::blocked: return "blocked";
    case Verdict::open: return "not blocked";
    case Verdict::partly: return "blocked only in part";
    case Verdict::cannot_tell: return "cannot be told";
  }
  return "";
}

// Only single destinations are let through.
bool only_destinations(const RuleAnswer& a) {
  return a.verdict == Verdict::partly && std::all_of(a.passes.begin(), a.passes.end(), [](const std::string& path) {
           return path.find("daddr") != std::string::npos && path.find("not (") == std::string::npos;
         });
}

// "tcp/23 IPv4: blocked by …", and under which conditions not, or what was not understood.
void explain(std::uint16_t port, bool v6, const RuleAnswer& a, std::vector<std::string>& evidence) {
  const auto who = fmt::format("tcp/{} IPv{}", port, v6 ? 6 : 4);
  evidence.push_back(fmt::format("{}: {}{}", who, word(a.verdict), a.verdict == Verdict::blocked ? " by " + a.by : ""));
  if (a.verdict == Verdict::partly)
    for (std::size_t i = 0; i < a.passes.size() && i < 3; ++i)
      evidence.push_back(fmt::format("  passes when {}", a.passes[i].empty() ? "nothing special holds" : shown(a.passes[i], 300)));
  if (a.verdict == Verdict::cannot_tell)
    for (std::size_t i = 0; i < a.because.size() && i < 3; ++i) evidence.push_back(fmt::format("  not understood: {}", shown(a.because[i], 300)));
}

AuditState state_of(const RuleAnswer& a, AuditState open) {
  switch (a.verdict) {
    case Verdict::blocked: return AuditState::ok;
    case Verdict::open: return open;
    case Verdict::partly: return only_destinations(a) ? AuditState::low : open;
    case Verdict::cannot_tell: return AuditState::unknown;
  }
  return AuditState::unknown;
}

// One finding for ports that are judged alike: telnet's, and the others.
void judge(HostView& host, const FirewallState& firewall, std::string_view key, std::span<const Port> ports, AuditState open, Findings& out) {
  AuditFinding finding{.key = std::string{key}};
  const bool v6_route = !host.default_interfaces_v6().empty();
  std::string bad, doubtful, names;
  for (const auto& port : ports) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", port.number);
    for (const bool v6 : {false, true}) {
      const auto a = follow_host(host, firewall, RuleProbe::Way::output, v6, port.number);
      auto state = state_of(a, open);
      if (v6 && !v6_route && state > AuditState::low) state = AuditState::low;
      finding.state = std::max(finding.state, state);
      explain(port.number, v6, a, finding.evidence);
      auto& list = state == AuditState::unknown ? doubtful : bad;
      if (state != AuditState::ok) list += fmt::format("{}{} (IPv{})", list.empty() ? "" : ", ", port.number, v6 ? 6 : 4);
    }
    finding.why += fmt::format("tcp/{} is {}. ", port.number, port.what);
  }
  finding.title = !bad.empty()        ? fmt::format("egress to tcp ports {} is not blocked", bad)
                  : !doubtful.empty() ? fmt::format("whether egress to tcp ports {} is blocked cannot be told", doubtful)
                                      : fmt::format("egress to tcp ports {} is blocked, IPv4 and IPv6", names);
  if (!firewall.loaded) {
    finding.title += fmt::format(" (as saved, not as loaded{}{})", firewall.source.empty() ? "" : ": ", firewall.source);
    if (finding.state == AuditState::ok) finding.state = AuditState::unknown;  // saved rules that are good need not be loaded
  } else if (!v6_route) {
    finding.evidence.emplace_back("IPv6 has no default route at present");
  }
  finding.why += "A server seldom needs them; a rule that blocks them stops a bot here from harming others, and shows it.";
  if (finding.state > AuditState::unknown) {
    finding.fix = kFix;
    finding.undo = "nft delete table inet sekisho_egress";
  }
  out.push_back(std::move(finding));
}

// Containers and guests leave by the forward hook: rules of the output hook do not see them.
void judge_forward(HostView& host, const FirewallState& firewall, Findings& out) {
  const auto on = [&](const char* path) {
    const auto text = host.text(path);
    return text && !text->empty() && (*text)[0] != '0';
  };
  const bool v4 = on("/proc/sys/net/ipv4/ip_forward"), v6 = on("/proc/sys/net/ipv6/conf/all/forwarding");
  if (!firewall.loaded || (!v4 && !v6)) return;
  AuditFinding finding{.key = "forward"};
  std::string open;
  for (const auto& port : kPorts)
    for (const bool six : {false, true}) {
      if (six ? !v6 : !v4) continue;
      const auto a = follow_host(host, firewall, RuleProbe::Way::forward, six, port.number);
      if (a.verdict == Verdict::blocked) continue;
      open += fmt::format("{}{} {} ({})", open.empty() ? "" : ", ", port.number, six ? "IPv6" : "IPv4", word(a.verdict));
      finding.state = std::max(finding.state, a.verdict == Verdict::cannot_tell ? AuditState::unknown : AuditState::low);
    }
  finding.title = open.empty() ? "what this host forwards (containers, guests) to bots' ports is blocked"
                               : "what this host forwards (containers, guests) to bots' ports is not blocked everywhere";
  if (!open.empty()) finding.evidence = {open};
  finding.why = "Containers and guests leave through the forward hook; rules on output do not see them.";
  if (finding.state == AuditState::low) {
    finding.fix =
        "nft add table inet sekisho_egress\n"
        "nft add chain inet sekisho_egress forward '{ type filter hook forward priority 0; policy accept; }'\n"
        "nft add rule inet sekisho_egress forward tcp dport '{ 23, 2323, 37215, 48101, 52869 }' counter reject";
    finding.undo = "nft delete table inet sekisho_egress";
  }
  out.push_back(std::move(finding));
}

void run(HostView& host, Findings& out) {
  const auto firewall = firewall_state(host);
  const std::span<const Port> ports{kPorts};
  judge(host, firewall, "telnet ports", ports.first(2), AuditState::medium, out);
  judge(host, firewall, "other ports", ports.subspan(2), AuditState::low, out);
  judge_forward(host, firewall, out);
}

const Register<CheckSpec> reg{{"egress_filter", "whether the loaded rules block egress to bots' ports, IPv4 and IPv6", run}};

}  // namespace
}  // namespace sekisho
