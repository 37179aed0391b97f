// sekisho audit-log: who changed what, and whether the record is whole.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace sekisho {

struct AuditLogCommand {
  std::string action;  // "verify" "list"
  std::string head;    // verify: "12:HASH", an entry that was noted earlier
  std::uint64_t limit = 50;
  bool json = false;
  std::optional<std::string> config;
};
// Exit status: 0 whole, 1 broken, 2 wrong usage, 3 it could not be read.
int run_audit_log(const AuditLogCommand& command);

}  // namespace sekisho
