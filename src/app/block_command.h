// sekisho block: the block list by hand: through the running agent, or without one.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace sekisho {

struct BlockCommand {
  std::string action;                 // add, del, list, why, flush, import, export, panic, resume, confirm
  std::vector<std::string> networks;  // add, del, why
  std::string duration, reason;       // --for, --reason
  std::string file;                   // import
  std::string format = "plain";       // export: plain, ipset, nft, json
  std::int64_t limit = 100;           // list
  bool json = false, yes = false;
  std::optional<std::string> config;
};

// Exit status: 0 done; 2 usage or configuration; 3 it could not be done, or was refused.
int run_block(const BlockCommand& command);

}  // namespace sekisho
