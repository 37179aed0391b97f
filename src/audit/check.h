// Check: the door of the room audit. One file per check; each states what holds on this host, on what evidence, and what to do.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/host_view.h"
#include "base/registry.h"

namespace sekisho {

// unknown: it could not be told; never counted as good.
enum class AuditState : std::uint8_t { ok, unknown, low, medium, high, critical };
std::string_view to_string(AuditState state);
bool parse_audit_state(std::string_view text, AuditState& out);

struct AuditFinding {
  std::string_view check;  // the check's name (static storage)
  std::string key;         // names the thing within the check, the same in every run: "tcp 0.0.0.0:23"
  AuditState state = AuditState::ok;
  std::string title;                  // one line: what holds
  std::vector<std::string> evidence;  // each a file with its line, a process, a rule
  std::string why;                    // why it matters
  std::string fix;                    // exact commands, one a line, comments after #; empty: nothing to do
  std::string undo;                   // how to take the fix back
  bool infection = false;             // a sign that this host takes part, not that it is open
};

// Texts of findings may hold names chosen by others: they are escaped where they are written into a finding (shown()).
std::string shown(std::string_view hostile, std::size_t max_bytes = 200);

using Findings = std::vector<AuditFinding>;

struct CheckSpec {
  std::string_view name;  // the file's name
  std::string_view help;  // one line
  // Adds at least one finding: what is good is said too. Runs on the audit's thread; no state of its own; changes nothing.
  std::function<void(HostView&, Findings&)> run;
};

}  // namespace sekisho
