// The tables of a containment, as text. nft 1.0.6 wants every closing bracket on a line of its own.
#include "response/contain_plan.h"

#include <fmt/format.h>

namespace sekisho {
namespace {

std::string networks(const std::vector<Network>& list, bool v6) {
  std::string out;
  for (const auto& n : list) {
    const bool four = is_v4(n.base) && n.prefix_bits >= 96;
    if (four != v6) out += (out.empty() ? "" : ", ") + to_string(n);
  }
  return out;
}

std::string peers(const std::vector<ManagementPeer>& list, bool v6) {
  std::string out;
  for (const auto& p : list)
    if (is_v4(p.address) != v6) out += fmt::format("{}{} . {}", out.empty() ? "" : ", ", to_string(p.address), p.local_port);
  return out;
}

// The accept rules that stand before the drop.
std::string accepted(const ContainPlan& plan) {
  std::string out = "    oifname \"lo\" accept\n";
  for (const bool v6 : {false, true}) {
    const auto ip = v6 ? "ip6" : "ip";
    if (const auto p = peers(plan.management, v6); !p.empty()) out += fmt::format("    {} daddr . tcp sport {{ {} }} accept\n", ip, p);
    if (const auto n = networks(plan.allow, v6); !n.empty()) out += fmt::format("    {} daddr {{ {} }} accept\n", ip, n);
  }
  return out;
}

std::string dropped(const ContainPlan& plan) {
  switch (plan.kind) {
    case ContainKind::uid: return fmt::format("    meta skuid {} counter drop\n", plan.uid);
    case ContainKind::cgroup: return fmt::format("    socket cgroupv2 level {} \"{}\" counter drop\n", plan.cgroup_level, plan.cgroup);
    case ContainKind::host: break;
  }
  // Neighbours must still be found and leases renewed, or management is lost as well.
  return "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept\n"
         "    udp sport 68 udp dport 67 accept\n"
         "    udp sport 546 udp dport 547 accept\n"
         "    counter drop\n";
}

// Packets written through packet sockets pass by the output hook; on the way out of a device they are seen.
std::string device_table(const ContainPlan& plan, std::int64_t seconds) {
  if (plan.kind != ContainKind::host || plan.devices.empty()) return {};
  std::string out = fmt::format(
      "table netdev {} {{\n  set gate {{\n    typeof meta protocol\n    flags timeout\n    elements = {{ ip timeout {}s, ip6 timeout {}s }}\n  }}\n"
      "  chain contain {{\n{}{}  }}\n",
      contain_table(plan.id), seconds, seconds, accepted(plan), dropped(plan));
  for (std::size_t i = 0; i < plan.devices.size(); ++i)
    out += fmt::format("  chain egress{} {{\n    type filter hook egress device \"{}\" priority -10\n    meta protocol @gate jump contain\n  }}\n", i,
                       plan.devices[i]);
  return out + "}\n";
}

}  // namespace

std::string contain_table(const std::string& id) { return std::string{kContainPrefix} + id; }

std::string contain_batch(const ContainPlan& plan, std::int64_t seconds) {
  std::string out = fmt::format(
      "table inet {} {{\n  set gate {{\n    typeof meta nfproto\n    flags timeout\n    elements = {{ ipv4 timeout {}s, ipv6 timeout {}s }}\n  }}\n"
      "  chain contain {{\n{}{}  }}\n"
      "  chain output {{\n    type filter hook output priority -10; policy accept;\n    meta nfproto @gate jump contain\n  }}\n",
      contain_table(plan.id), seconds, seconds, accepted(plan), dropped(plan));
  // What passes through this host (containers, guests) leaves by it too.
  if (plan.kind == ContainKind::host)
    out += "  chain forward {\n    type filter hook forward priority -10; policy accept;\n    meta nfproto @gate jump contain\n  }\n";
  return out + "}\n" + device_table(plan, seconds);
}

std::string extend_batch(const std::string& id, bool has_devices, std::int64_t seconds) {
  const auto table = contain_table(id);
  std::string out = fmt::format(
      "flush set inet {0} gate\nadd element inet {0} gate {{ ipv4 timeout {1}s, ipv6 timeout {1}s }}\n", table, seconds);
  if (has_devices)
    out += fmt::format("flush set netdev {0} gate\nadd element netdev {0} gate {{ ip timeout {1}s, ip6 timeout {1}s }}\n", table, seconds);
  return out;
}

std::string release_batch(const std::string& id, bool has_devices) {
  const auto table = contain_table(id);
  return fmt::format("delete table inet {0}\n{1}", table, has_devices ? fmt::format("delete table netdev {}\n", table) : "");
}

}  // namespace sekisho
