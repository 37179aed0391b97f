// sekisho rules: the detection chain for firewalls, printed, or installed in a table of its own.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho {

struct RulesCommand {
  std::string action;          // print, install, confirm, remove, status
  std::string format = "nft";  // nft, iptables, ipset
  std::vector<std::uint16_t> ports;
  std::optional<std::string> since;  // status: also what was counted since then, by minute
  bool json = false, yes = false;
  std::optional<std::string> config;
};

// Exit status: 0 done; 1 status, confirm or remove found nothing; 2 usage or configuration; 3 it could not be done.
int run_rules(const RulesCommand& command);

}  // namespace sekisho
