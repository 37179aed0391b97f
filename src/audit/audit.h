// Audit: runs the registered checks over one host and gives the report.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "audit/check.h"
#include "base/time.h"

namespace sekisho {

struct AuditReport {
  std::string host;  // its name, escaped
  std::string root;  // the folder; "/" is the running system
  TimeNs started = 0;
  DurationNs duration = 0;
  bool as_root = true;
  Findings findings;                // worst first, then by check and key
  std::vector<std::string> limits;  // bounds that were met, checks that did not come back: what was not looked at
};

struct AuditOptions {
  std::string root = "/";
  std::vector<std::string> only;  // names of checks; empty: all
  AuditSettings settings;
  HostSources sources;
};

// Blocks until every check is done or settings.within_ms (and the scanners' time) is over; a check that hangs is left behind in its
// thread and named in `limits`, and `abandoned` is set: then the process should end without waiting for its threads (quick_exit).
// An error: the root cannot be opened, or a name in `only` is no check (usage).
struct AuditRun {
  AuditReport report;
  bool abandoned = false;
};
Result<AuditRun> run_audit(const AuditOptions& options);

}  // namespace sekisho
