// The rules that make a firewall a sensor: scans to device ports are counted by port, logged with sequence numbers, and remembered by
// source. As text for nft, iptables and ipset. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho {

constexpr std::string_view kRulesTable = "sekisho_rules";

struct RulesPlan {
  std::vector<std::uint16_t> ports;     // each once; not empty
  std::string prefix = "MIRAI_SCAN: ";  // of log lines, at most 29 characters
  // Empty: the rules hold without end. Else they are installed on trial: the kernel ends them after `trial_s` unless they are confirmed.
  std::string id;  // letters and digits
  std::int64_t trial_s = 60;
};

// One transaction; replaces what is there. nft 1.0.6 and later.
std::string rules_nft(const RulesPlan& plan);
// For iptables-restore --noflush and ip6tables-restore --noflush.
std::string rules_iptables(const RulesPlan& plan);
// A script for sh: sets, then the rules for both families.
std::string rules_ipset(const RulesPlan& plan);
// The trial ends well: the rules hold from now on.
std::string rules_confirm_batch();
std::string rules_remove_batch();

struct RulesState {
  bool installed = false;
  std::string id;
  bool endless = false;     // confirmed, or without a trial
  std::int64_t left_s = 0;  // of the trial; 0 and not endless: it is over, nothing is counted or logged any more
  std::vector<std::pair<std::uint16_t, std::uint64_t>> ports;  // SYNs since they were installed, by port
};
// From the names of the table's chains, and the JSON of its sets `gate` (empty: there is none) and `ports`.
RulesState parse_rules(const std::vector<std::string>& chains, const std::string& gate_json, const std::string& ports_json);

}  // namespace sekisho
