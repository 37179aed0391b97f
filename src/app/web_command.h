// sekisho web: the dashboard's process; sekisho web token: who may see it.
#pragma once
#include <optional>
#include <string>

namespace sekisho {

struct WebCommand {
  std::optional<std::string> config, listen;
  std::string token_action;  // "new", "list", "revoke"; empty: serve
  std::string role, name;
  bool json = false;
};

// Exit status: 0 stopped or done, 2 wrong usage or configuration, 3 it could not be done.
int run_web(const WebCommand& command);

}  // namespace sekisho
