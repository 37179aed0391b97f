// The audit's report as one JSON document.
#include <nlohmann/json.hpp>

#include "app/audit_report.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

std::string audit_json_text(const AuditReport& report, const AuditHistory& history, const AuditView& view) {
  Json counts = Json::object();
  for (int i = 5; i >= 0; --i) counts[std::string{to_string(static_cast<AuditState>(i))}] = 0;
  Json checks = Json::array();
  for (const auto& f : report.findings) {
    counts[std::string{to_string(f.state)}] = counts[std::string{to_string(f.state)}].get<int>() + 1;
    const auto change = history.changes.find(audit_id(f));
    const auto which = change == history.changes.end() ? AuditChange::same : change->second;
    if (view.since_last && which == AuditChange::same) continue;
    checks.push_back({{"check", f.check},
                      {"key", f.key},
                      {"state", to_string(f.state)},
                      {"title", f.title},
                      {"evidence", f.evidence},
                      {"why", or_null(f.why)},
                      {"fix", or_null(f.fix)},
                      {"undo", or_null(f.undo)},
                      {"infection", f.infection},
                      {"change", history.since ? Json(to_string(which)) : Json(nullptr)}});
  }
  Json gone = Json::array();
  for (const auto& g : history.gone) gone.push_back({{"id", g.id}, {"state", to_string(g.state)}, {"title", g.title}});
  const Json document{{"schema", 1},
                      {"host", report.host},
                      {"root", escape_hostile(report.root, 4096)},
                      {"started", format_rfc3339(report.started)},
                      {"duration_ms", report.duration / kMillisecond},
                      {"as_root", report.as_root},
                      {"counts", std::move(counts)},
                      {"checks", std::move(checks)},
                      {"since", history.since ? Json(format_rfc3339(*history.since)) : Json(nullptr)},
                      {"gone", std::move(gone)},
                      {"limits", report.limits}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sekisho
