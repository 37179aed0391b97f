// Reads start files and judges them line by line.
#include "audit/start_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/describe.h"
#include "audit/suspicious_text.h"
#include "audit/text_lines.h"
#include "base/time.h"

namespace sekisho {
namespace {

constexpr std::string_view kWhy =
    "What starts by itself survives a restart: newer bots of the Mirai family write themselves into cron, rc.local, inittab and units.";

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& t : texts) out += (out.empty() ? "" : ", ") + t;
  return out;
}

}  // namespace

std::string set_aside(std::string_view path) {
  return fmt::format("mv {} {}", shell_quoted(path), shell_quoted(fmt::format("/root/{}.suspect", base_name(path))));
}
std::string bring_back(std::string_view path) {
  return fmt::format("mv {} {}", shell_quoted(fmt::format("/root/{}.suspect", base_name(path))), shell_quoted(path));
}

std::vector<StartFile> start_files(HostView& host, const std::string& folder) {
  std::vector<StartFile> files;
  const auto entries = host.files().list(folder, 10'000);
  if (!entries.ok()) return files;
  if (entries.value().size() >= 10'000) host.met_limit(fmt::format("more than 10,000 files in {}", shown(folder)));
  for (const auto& entry : entries.value()) {
    const auto info = entry.info.kind == FileKind::link ? host.files().followed_info(entry.path) : entry.info;
    if (info.kind == FileKind::regular) files.push_back({entry.path, info});
  }
  return files;
}

bool judge_lines(HostView& host, const std::string& path, std::string_view what, const std::string& remove_command,
                 const std::function<std::string_view(std::string_view line)>& relevant, Findings& out) {
  const auto text = host.text(path);
  if (!text) return false;
  AuditFinding f;
  std::vector<std::string> reasons;
  for_each_line(*text, [&](int number, std::string_view line) {
    const auto s = suspicion_of(relevant(line));
    if (s.state == AuditState::ok) return;
    f.state = std::max(f.state, s.state);
    if (f.evidence.size() < 10) f.evidence.push_back(fmt::format("{}:{}: {}", shown(path), number, shown(trimmed(line))));
    for (const auto& reason : s.reasons)
      if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(reason);
  });
  if (f.state == AuditState::ok) return false;
  f.key = fmt::format("suspicious {}", shown(path));
  f.title = fmt::format("{} {}: {}", what, shown(path), joined(reasons));
  f.why = kWhy;
  f.fix = remove_command.empty() ? set_aside(path) : remove_command;
  f.undo = bring_back(path);
  f.infection = f.state >= AuditState::high;
  out.push_back(std::move(f));
  return true;
}

void judge_recent(HostView& host, const std::vector<StartFile>& files, std::string_view what, Findings& out) {
  std::set<std::string> recent;
  for (const auto& file : files)
    if (host.recent(file.info)) recent.insert(file.path);
  const auto packaged = host.packaged(recent);
  for (const auto& file : files) {
    if (!recent.contains(file.path) || packaged.contains(file.path)) continue;
    const auto key = fmt::format("suspicious {}", shown(file.path));
    if (std::any_of(out.begin(), out.end(), [&](const AuditFinding& f) { return f.key == key; })) continue;  // already worse
    out.push_back({.key = fmt::format("recent {}", shown(file.path)),
                   .state = AuditState::low,
                   .title = fmt::format("{} {} is new or was changed {} ago, and no package owns it", what, shown(file.path),
                                        format_duration(std::max<std::int64_t>(host.now_s() - host.changed_s(file.info), 0) * kSecond)),
                   .evidence = {fmt::format("{}, {} bytes, owner uid {}, mode {:o}", shown(file.path), file.info.size_bytes, file.info.uid,
                                            file.info.mode)},
                   .why = std::string{kWhy},
                   .fix = fmt::format("cat -v {}   # not yours: {}", shell_quoted(file.path), set_aside(file.path)),
                   .undo = bring_back(file.path)});
  }
}

}  // namespace sekisho
