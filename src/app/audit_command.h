// sekisho audit: is this host open to bots, and does it show traces of one? Reads everything, changes nothing but its own notes.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/terminal.h"

namespace sekisho {

struct AuditCommand {
  std::string root = "/";
  bool json = false, with_scanners = false, since_last = false, verbose = false;
  std::optional<std::string> fail_on, state, config;
  std::vector<std::string> only;
  ColorChoice color = ColorChoice::automatic;
};

// Exit status: 0 nothing at or above fail_on (default medium), 1 something, 2 usage or configuration, 3 it could not be done.
int run_audit_command(const AuditCommand& command);

}  // namespace sekisho
