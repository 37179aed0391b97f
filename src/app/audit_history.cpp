// The notes are JSON: {"schema":1,"started":N,"findings":{"check/key":["high","title"]}}.
#include "app/audit_history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "app/output_file.h"
#include "base/rooted_folder.h"
#include "base/text.h"

namespace sekisho {
namespace {

using nlohmann::json;
constexpr std::size_t kMaxBytes = 16 << 20;

}  // namespace

std::string_view to_string(AuditChange change) {
  constexpr std::string_view names[] = {"same", "new", "worse", "better"};
  return names[static_cast<std::size_t>(change)];
}

std::string audit_id(const AuditFinding& finding) { return fmt::format("{}/{}", finding.check, finding.key); }

AuditHistory compare(const AuditReport& report, const std::optional<LastAudit>& last, const std::vector<std::string>& only) {
  AuditHistory history;
  if (!last) return history;
  history.since = last->started;
  std::map<std::string, AuditState> now;
  for (const auto& f : report.findings) now.emplace(audit_id(f), f.state);
  for (const auto& [id, state] : now) {
    if (state == AuditState::ok) continue;
    const auto before = last->findings.find(id);
    history.changes[id] = before == last->findings.end() ? AuditChange::appeared
                          : before->second.state < state ? AuditChange::worse
                          : before->second.state > state ? AuditChange::better
                                                         : AuditChange::same;
  }
  for (const auto& [id, entry] : last->findings) {
    const auto check = id.substr(0, id.find('/'));
    if (!only.empty() && std::find(only.begin(), only.end(), check) == only.end()) continue;
    const auto found = now.find(id);
    if (found == now.end() || found->second == AuditState::ok) history.gone.push_back({id, entry.title, entry.state});
  }
  return history;
}

Result<std::optional<LastAudit>> read_last_audit(const std::string& path) {
  const auto folder = TRY(RootedFolder::open("/"));
  const auto file = folder.read(path, kMaxBytes);
  if (!file.ok()) {
    if (RootedFolder::last_errno() == ENOENT || RootedFolder::last_errno() == ENOTDIR) return std::optional<LastAudit>{};
    return file.error();
  }
  const auto document = json::parse(file.value().text, nullptr, false);
  const auto damaged = [&] { return Error{fmt::format("{}: these are no notes of an audit; delete the file", escape_hostile(path))}; };
  if (!document.is_object() || !document.contains("findings") || !document["findings"].is_object() ||
      !document.value("started", json()).is_number_integer())
    return damaged();
  LastAudit last;
  last.started = document["started"].get<TimeNs>();
  for (const auto& [id, entry] : document["findings"].items()) {
    LastAudit::Entry e;
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_string() ||
        !parse_audit_state(entry[0].get_ref<const std::string&>(), e.state))
      return damaged();
    e.title = escape_hostile(entry[1].get_ref<const std::string&>(), 1000);
    last.findings.emplace(escape_hostile(id, 1000), std::move(e));
  }
  return std::optional{std::move(last)};
}

Result<void> write_last_audit(const std::string& path, const AuditReport& report) {
  json findings = json::object();
  for (const auto& f : report.findings)
    if (f.state != AuditState::ok) findings[audit_id(f)] = {to_string(f.state), f.title};
  const json document{{"schema", 1}, {"started", report.started}, {"findings", std::move(findings)}};
  const auto folder = path.substr(0, path.rfind('/'));
  if (!folder.empty() && ::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST)
    return Error{fmt::format("cannot make the folder {}: {}", escape_hostile(folder), std::strerror(errno))};
  const auto mask = ::umask(0077);
  auto written = write_output(path, document.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
  ::umask(mask);
  return written;
}

}  // namespace sekisho
