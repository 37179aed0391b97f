// The audit record of containments: one JSON object a line, appended and flushed before anything is changed.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "response/contain_plan.h"
#include "response/session.h"

namespace sekisho {

struct ContainRecord {
  std::string id;
  std::string target;  // "uid 1001", "cgroup /system.slice/x.service", "host"
  TimeNs started = 0;
  std::int64_t for_s = 0;
  std::int64_t session_id = 0;
  std::optional<ManagementPeer> ssh;
  std::optional<TimeNs> confirmed, released;
  bool failed = false;  // it could not be applied
};

// The event "started", "failed", "confirmed" or "released" with who did it; `rules`: the transaction that was applied.
Result<void> append_contain_event(const std::string& path, std::string_view event, const ContainRecord& record, const Session& by,
                                  const std::string& rules);
// By id. A missing file has none; a damaged line is skipped. At most the last 16 MiB are read.
Result<std::map<std::string, ContainRecord>> read_contain_log(const std::string& path);

}  // namespace sekisho
