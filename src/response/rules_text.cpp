// nft 1.0.6 wants every closing bracket on a line of its own.
#include "response/rules_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sekisho {
namespace {

using nlohmann::json;
constexpr std::size_t kPortsPerRule = 15;  // the most of iptables' multiport

std::string joined(const std::vector<std::uint16_t>& ports, std::string_view between) {
  std::string out;
  for (const auto p : ports) out += fmt::format("{}{}", out.empty() ? "" : between, p);
  return out;
}

std::string iptables_rules(const RulesPlan& plan, std::string_view remember) {
  std::string out =
      "*filter\n"
      ":SEKISHO_SCAN - [0:0]\n";
  // A rule without a target only counts.
  for (const auto p : plan.ports) out += fmt::format("-A SEKISHO_SCAN -p tcp -m tcp --dport {}\n", p);
  out += fmt::format(
      "-A SEKISHO_SCAN -m limit --limit 10/minute --limit-burst 20 -j LOG --log-prefix \"{}\" --log-tcp-sequence --log-tcp-options "
      "--log-ip-options\n",
      plan.prefix);
  out += remember;
  out += "-A SEKISHO_SCAN -j RETURN\n";
  for (std::size_t at = 0; at < plan.ports.size(); at += kPortsPerRule) {
    const std::vector<std::uint16_t> part{
        plan.ports.begin() + static_cast<std::ptrdiff_t>(at),
        plan.ports.begin() + static_cast<std::ptrdiff_t>(std::min(at + kPortsPerRule, plan.ports.size()))};
    out +=
        fmt::format("-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m multiport --dports {} -j SEKISHO_SCAN\n", joined(part, ","));
  }
  return out + "COMMIT\n";
}

const json kNone;
const json& at(const json& object, const char* key) {
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

}  // namespace

std::string rules_nft(const RulesPlan& plan) {
  const bool trial = !plan.id.empty();
  std::string out = fmt::format(
      "# Scans to device ports: counted by port, logged with sequence numbers (10 a minute), sources with 3 hits in 60 s remembered for an "
      "hour. Nothing is dropped.\n"
      "# To drop what was remembered, add to the chain \"scan\":  ip saddr @scanners4 drop\n"
      "# The risk: a SYN's source is whatever its sender writes. Four forged packets have your gateway or your name server dropped for an "
      "hour.\n"
      "table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n",
      kRulesTable);
  if (trial)
    out += fmt::format(
        "  set gate {{\n    typeof meta nfproto\n    flags timeout\n    elements = {{ ipv4 timeout {0}s, ipv6 timeout {0}s }}\n  }}\n",
        plan.trial_s);
  out += fmt::format("  set ports {{\n    type inet_service\n    counter\n    elements = {{ {} }}\n  }}\n", joined(plan.ports, ", "));
  for (const auto& [family, type] : {std::pair{4, "ipv4_addr"}, std::pair{6, "ipv6_addr"}})
    out += fmt::format(
        "  set recent{0} {{\n    type {1}\n    size 65535\n    flags dynamic,timeout\n    timeout 1m\n  }}\n"
        "  set scanners{0} {{\n    type {1}\n    size 65535\n    flags dynamic,timeout\n    timeout 1h\n  }}\n",
        family, type);
  if (trial) out += fmt::format("  chain id_{} {{\n  }}\n", plan.id);
  // An element lives for a minute from the source's first hit ("add" leaves its end alone). Its bucket holds two packets and gains one a
  // minute: within its life the third hit is the first above it, at whatever pace they come.
  out += fmt::format(
      "  chain scan {{\n"
      "    limit rate 10/minute burst 20 packets log prefix \"{}\" flags tcp sequence,options flags ip options\n"
      "    add @recent4 {{ ip saddr limit rate over 1/minute burst 2 packets }} add @scanners4 {{ ip saddr }}\n"
      "    add @recent6 {{ ip6 saddr limit rate over 1/minute burst 2 packets }} add @scanners6 {{ ip6 saddr }}\n"
      "  }}\n"
      "  chain prerouting {{\n    type filter hook prerouting priority -305; policy accept;\n"
      "    {}fib daddr type local tcp flags & (fin | syn | rst | ack) == syn tcp dport @ports jump scan\n  }}\n}}\n",
      plan.prefix, trial ? "meta nfproto @gate " : "");
  return out;
}

std::string rules_iptables(const RulesPlan& plan) {
  return "# iptables-restore --noflush < this file, and ip6tables-restore --noflush < this file\n"
         "# Scans to device ports: counted by port, logged with sequence numbers, sources with 3 hits in 60 s remembered in the list\n"
         "# sekisho_scanners. The module recent remembers 100 sources unless it is loaded with ip_list_tot=65536. Nothing is dropped.\n"
         "# To drop what was remembered, for an hour: iptables -I INPUT -m recent --name sekisho_scanners --rcheck --seconds 3600 --reap "
         "--rsource -j DROP\n"
         "# The risk: a SYN's source is whatever its sender writes. Four forged packets have your gateway or your name server dropped for "
         "an hour.\n" +
         iptables_rules(plan,
                        "-A SEKISHO_SCAN -m recent --name sekisho --set --rsource\n"
                        "-A SEKISHO_SCAN -m recent --name sekisho --rcheck --seconds 60 --hitcount 3 --rsource -m recent --name "
                        "sekisho_scanners --set --rsource\n");
}

std::string rules_ipset(const RulesPlan& plan) {
  std::string out =
      "#!/bin/sh\n"
      "# Scans to device ports: counted by port, logged with sequence numbers, sources with 3 hits in 60 s remembered for an hour in "
      "sets.\n"
      "# Nothing is dropped. To drop what was remembered: iptables -I INPUT -m set --match-set sekisho_scanners4 src -j DROP\n"
      "# The risk: a SYN's source is whatever its sender writes. Four forged packets have your gateway or your name server dropped for an "
      "hour.\n"
      "set -e\n";
  for (const auto& [n, family, tool] : {std::tuple{4, "inet", "iptables"}, std::tuple{6, "inet6", "ip6tables"}})
    out += fmt::format(
        "ipset create -exist sekisho_scanners{0} hash:ip family {1} timeout 3600 maxelem 65536\n"
        "{2}-restore --noflush <<'RULES'\n{3}RULES\n",
        n, family, tool,
        iptables_rules(plan, fmt::format("-A SEKISHO_SCAN -m recent --name sekisho{0} --set --rsource\n"
                                         "-A SEKISHO_SCAN -m recent --name sekisho{0} --rcheck --seconds 60 --hitcount 3 --rsource -j SET "
                                         "--add-set sekisho_scanners{0} src --exist --timeout 3600\n",
                                         n)));
  return out;
}

std::string rules_confirm_batch() {
  return fmt::format("flush set inet {0} gate\nadd element inet {0} gate {{ ipv4, ipv6 }}\n", kRulesTable);
}

std::string rules_remove_batch() { return fmt::format("table inet {0}\ndelete table inet {0}\n", kRulesTable); }

RulesState parse_rules(const std::vector<std::string>& chains, const std::string& gate_json, const std::string& ports_json) {
  RulesState state;
  state.installed = true;
  const auto gate = json::parse(gate_json, nullptr, false), ports = json::parse(ports_json, nullptr, false);
  for (const auto& name : chains)
    if (name.starts_with("id_")) state.id = name.substr(3, 16);
  state.endless = gate_json.empty();
  for (const auto& object : at(gate, "nftables"))
    for (const auto& element : at(at(object, "set"), "elem")) {
      const auto& left = at(at(element, "elem"), "expires");
      if (left.is_number_integer())
        state.left_s =
            std::max({state.left_s, left.get<std::int64_t>(), std::int64_t{1}});  // it is rounded down: while it is there it holds
      else
        state.endless = true;
    }
  for (const auto& object : at(ports, "nftables"))
    for (const auto& element : at(at(object, "set"), "elem")) {
      const auto& port = at(at(element, "elem"), "val");
      const auto& packets = at(at(at(element, "elem"), "counter"), "packets");
      if (port.is_number_unsigned() && port.get<std::uint64_t>() < 65'536 && packets.is_number_unsigned())
        state.ports.emplace_back(port.get<std::uint16_t>(), packets.get<std::uint64_t>());
    }
  return state;
}

}  // namespace sekisho
