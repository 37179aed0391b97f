// The notes of the last audit are those of `sekisho audit` itself: whoever runs it by hand and the agent share them.
#include "app/daily_audit.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "app/json_parts.h"
#include "app/time_words.h"
#include "base/child.h"
#include "base/log.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr DurationNs kDay = 24 * 60 * kMinute, kSoon = kMinute;  // first what attacks, then what could
constexpr std::size_t kRows = 1000;

}  // namespace

void DailyAudit::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void DailyAudit::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void DailyAudit::run(const std::stop_token& stop) {
  ::prctl(PR_SET_NAME, "daily-audit");
  for (TimeNs due = wall_clock() + kSoon; !stop.stop_requested(); due = wall_clock() + kDay) {
    {
      std::unique_lock lock{mutex_};
      next_ = due;
      changed_.wait_for(lock, stop, std::chrono::nanoseconds{std::max<DurationNs>(due - wall_clock(), 0)}, [] { return false; });
    }
    if (!stop.stop_requested()) audit(stop);
  }
}

void DailyAudit::audit(const std::stop_token& stop) {
  ChildRun child;
  child.program = "/proc/self/exe";
  child.args = {"audit", "--json"};
  if (config_) child.args.insert(child.args.end(), {"--config", *config_});
  child.within = std::chrono::minutes{10};
  child.stop = [&] { return stop.stop_requested(); };
  child.max_output_bytes = 16 << 20;
  const auto began = wall_clock();
  auto done = run_child(child);
  if (stop.stop_requested()) return;
  const auto worse = !done.ok()          ? Result<std::size_t>{done.error()}
                     : done->timed_out   ? Result<std::size_t>{Error{"it did not end within ten minutes"}}
                     : done->out.empty() ? Result<std::size_t>{Error{escape_hostile(done->err, 400)}}
                                         : take(done->out);
  if (!worse.ok()) log_warning(fmt::format("the daily audit failed: {} (by hand: sekisho audit)", worse.error().message));
  const std::lock_guard lock{mutex_};
  problem_ = worse.ok() ? std::string{} : worse.error().message;
  if (!worse.ok()) return;
  last_ = began, worse_ = worse.value();
}

Result<std::size_t> DailyAudit::take(const std::string& json) {
  const auto report = Json::parse(json, nullptr, false);
  if (!report.is_object() || !report.contains("checks") || !report["checks"].is_array()) return Error{"its report cannot be read"};
  std::vector<Row> rows;
  std::size_t worse = 0;
  for (const auto& check : report["checks"]) {
    const auto state = raw_text_of(check, "state"), change = raw_text_of(check, "change");
    if (state == "ok" || state == "unknown" || rows.size() >= kRows) continue;
    std::string where;
    if (const auto evidence = check.find("evidence");
        evidence != check.end() && evidence->is_array() && !evidence->empty() && (*evidence)[0].is_string())
      where = (*evidence)[0].get<std::string>();
    rows.push_back({state, raw_text_of(check, "check"), raw_text_of(check, "title"), where, raw_text_of(check, "fix")});
    if ((change != "appeared" && change != "worse") || state == "low") continue;
    ++worse;
    const auto& row = rows.back();
    log_warning(fmt::format("audit, {} since the last one: {} (sekisho audit)", change, escape_hostile(row.what, 400)));
    store_.write([action = "audit." + change, detail = row.check + ": " + row.what](StoreWriter& w) -> Result<void> {
      AuditEntry entry;
      entry.time = wall_clock(), entry.actor = "agent", entry.action = action, entry.detail = detail;
      TRY(w.append_audit(std::move(entry)));
      return {};
    });
  }
  const std::lock_guard lock{mutex_};
  rows_ = std::move(rows);
  return worse;
}

std::string DailyAudit::status_json() const {
  const std::lock_guard lock{mutex_};
  return Json{{"last", last_ ? Json(format_rfc3339(last_)) : Json(nullptr)},
              {"next", next_ ? Json(format_rfc3339(next_)) : Json(nullptr)},
              {"findings", rows_.size()},
              {"worse", worse_},
              {"problem", problem_.empty() ? Json(nullptr) : Json(escape_hostile(problem_, 400))}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string DailyAudit::findings_json(std::size_t limit, const std::string& filter) const {
  Json list = Json::array();
  const std::lock_guard lock{mutex_};
  for (const auto& row : rows_) {
    if (list.size() >= limit) break;
    const bool fits = filter.empty() || row.what.find(filter) != std::string::npos || row.where.find(filter) != std::string::npos ||
                      row.check.find(filter) != std::string::npos;
    if (fits)
      list.push_back({{"severity", row.severity}, {"check", row.check}, {"what", row.what}, {"where", row.where}, {"remedy", row.remedy}});
  }
  const std::string message = !problem_.empty() ? "The last audit failed: " + problem_
                              : last_ == 0      ? std::string{"The first audit is made a minute after the agent's start."}
                                                : fmt::format("Audited {}; again in a day, or now: sekisho audit", format_local(last_));
  return Json{{"schema", 1},
              {"rows", std::move(list)},
              {"next", nullptr},
              {"empty", last_ == 0 ? "No audit was made yet." : ""},
              {"message", escape_hostile(message, 400)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sekisho
