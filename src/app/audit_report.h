// The audit's report for people and as JSON (docs/audit.md, docs/schema/audit.schema.json).
#pragma once
#include <string>

#include "app/audit_history.h"
#include "app/terminal.h"
#include "audit/audit.h"

namespace sekisho {

struct AuditView {
  bool verbose = false;     // also what is good, and why and undo of small things
  bool since_last = false;  // only what changed
};

std::string audit_text(const AuditReport& report, const AuditHistory& history, const AuditView& view, TextStyle style);
std::string audit_json_text(const AuditReport& report, const AuditHistory& history, const AuditView& view);

}  // namespace sekisho
