// What changed since the last audit: the notes of a run are kept as a small file and compared with the next.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"

namespace sekisho {

struct LastAudit {
  TimeNs started = 0;
  struct Entry {
    AuditState state;
    std::string title;
  };
  std::map<std::string, Entry> findings;  // by audit_id; what was ok is not kept
};

enum class AuditChange : std::uint8_t { same, appeared, worse, better };
std::string_view to_string(AuditChange change);

struct AuditHistory {
  std::optional<TimeNs> since;                 // when the last audit began; nothing: this is the first
  std::map<std::string, AuditChange> changes;  // by audit_id, of the findings of this run that are not ok
  struct Gone {
    std::string id, title;
    AuditState state;
  };
  std::vector<Gone> gone;  // what was there and is good now
};

std::string audit_id(const AuditFinding& finding);  // "telnet/tcp 0.0.0.0:23"

// `only`: the checks that were made; what others said last time is not gone.
AuditHistory compare(const AuditReport& report, const std::optional<LastAudit>& last, const std::vector<std::string>& only);

// Nothing when there is no such file. A damaged one is an error that says so; the audit goes on without it.
Result<std::optional<LastAudit>> read_last_audit(const std::string& path);
Result<void> write_last_audit(const std::string& path, const AuditReport& report);

}  // namespace sekisho
