// Rules that keep others from 22, 23, 7547 or 5555 and that no configuration here holds: worms close the door behind them (FACTS section 11).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/check.h"
#include "audit/firewall_state.h"
#include "audit/rule_terms.h"

namespace sekisho {
namespace {

constexpr std::array<std::uint16_t, 4> kPorts{22, 23, 7547, 5555};
// Where administrators and their tools keep rules.
constexpr std::array<const char*, 10> kSaved{"/etc/nftables.conf", "/etc/iptables/rules.v4", "/etc/iptables/rules.v6", "/etc/ufw/user.rules", "/etc/ufw/user6.rules",
                                             "/etc/sysconfig/iptables", "/etc/sysconfig/ip6tables", "/etc/shorewall/rules", "/etc/rc.local", "/etc/firewalld/direct.xml"};

bool is_tool(const RuleChain& c) {
  return c.table.starts_with("sekisho") || c.table.starts_with("firewalld") || c.table.starts_with("f2b") || c.table == "crowdsec" || c.name.starts_with("ufw") ||
         c.name.starts_with("f2b-") || c.name.starts_with("DOCKER") || c.name.starts_with("KUBE-") || c.name.starts_with("cali-");
}

// The port that the rule drops for everybody: it looks at the destination port alone, protocol aside. 0: none of these.
std::uint16_t dropped_port(const Rule& rule) {
  std::uint16_t port = 0;
  bool drops = false;
  for (const auto& step : rule.steps) {
    if (step.action == RuleAction::drop || step.action == RuleAction::reject) drops = true;
    if (step.action != RuleAction::match) continue;
    if (step.match.fields.size() != 1) return 0;
    const auto field = step.match.fields[0];
    if (field == RuleField::l4proto || field == RuleField::nfproto) continue;
    if (field != RuleField::dport || step.match.op != RuleMatch::Op::in) return 0;  // narrower than "everybody"
    for (const auto candidate : kPorts)
      for (const auto& element : step.match.elements)
        for (const auto& range : element.empty() ? std::vector<RuleRange>{} : element[0].ranges)
          if (range.low == range.high && range.low == number_value(candidate)) port = candidate;
  }
  return drops ? port : 0;
}

bool in_saved(HostView& host, std::uint16_t port) {
  const auto text = std::to_string(port);
  for (const auto* path : kSaved) {
    const auto saved = host.text(path);
    for (std::size_t at = 0; saved && (at = saved->find(text, at)) != std::string::npos; ++at) {
      const auto digit = [&](std::size_t i) { return i < saved->size() && (*saved)[i] >= '0' && (*saved)[i] <= '9'; };
      if ((at == 0 || !digit(at - 1)) && !digit(at + text.size())) return true;
    }
  }
  return false;
}

void run(HostView& host, Findings& out) {
  const auto firewall = firewall_state(host);
  if (!firewall.loaded) {
    out.push_back({.key = "rules", .state = AuditState::unknown, .title = "an image has no loaded rules that somebody could have put there"});
    return;
  }
  const auto before = out.size();
  for (const auto& chain : firewall.rules.chains) {
    const bool inward = !chain.base || chain.hook == "input" || chain.hook == "prerouting" || chain.hook == "ingress";
    if (!inward || is_tool(chain)) continue;
    for (const auto& rule : chain.rules) {
      const auto port = dropped_port(rule);
      if (port == 0 || in_saved(host, port)) continue;
      out.push_back({.key = fmt::format("{} {} port {}", shown(chain.table, 40), shown(chain.name, 40), port),
                     .state = port == 22 ? AuditState::low : AuditState::medium,
                     .title = fmt::format("a loaded rule keeps everybody from port {}, and no saved configuration has it", port),
                     .evidence = {rule.text},
                     .why = "Worms that came in by a port close it behind them, against their rivals and against you.",
                     .fix = "nft -a list ruleset   # yours: save it (nft list ruleset >/etc/nftables.conf); not yours: look for what put it there before you delete it",
                     .undo = "looking changes nothing"});
    }
  }
  for (const auto& problem : firewall.unread)
    out.push_back({.key = "unread " + problem, .state = AuditState::unknown, .title = "not every rule could be read: " + problem});
  if (out.size() == before) out.push_back({.key = "rules", .title = "no rules against 22, 23, 7547 or 5555 that nobody here saved"});
}

const Register<CheckSpec> reg{{"firewall_tampering", "rules against 22, 23, 7547, 5555 that nobody here made", run}};

}  // namespace
}  // namespace sekisho
