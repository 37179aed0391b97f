// Systemd units and timers that look like a bot's, and recent ones that no package brought.
#include <fmt/format.h>

#include <algorithm>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/start_files.h"
#include "audit/suspicious_text.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

bool is_unit(std::string_view path) {
  for (const std::string_view suffix : {".service", ".timer", ".socket", ".path", ".conf", ".mount"})
    if (path.ends_with(suffix)) return true;
  return false;
}

// The command of "ExecStart=-/tmp/x", "Environment=LD_PRELOAD=…" as it stands; empty for other lines.
std::string_view command_of(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with("Exec")) return {};
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  auto command = trimmed(line.substr(equals + 1));
  while (!command.empty() && std::string_view{"-@:+!"}.find(command.front()) != std::string_view::npos) command.remove_prefix(1);
  return command;
}

void collect(HostView& host, const std::string& folder, std::vector<StartFile>& files) {
  WalkLimits limits;
  limits.max_entries = 20'000;
  limits.max_depth = 1;  // drop-ins: ssh.service.d/x.conf
  limits.deadline = host.deadline();
  const auto end = host.files().walk(folder, limits, [&](const FolderEntry& entry) {
    if (is_unit(entry.path) && entry.info.kind == FileKind::regular) files.push_back({entry.path, entry.info});
    return true;
  });
  if (end != WalkEnd::complete) host.met_limit(fmt::format("not every unit of {} was read", folder));
}

void run(HostView& host, Findings& out) {
  std::vector<StartFile> files;
  for (const std::string folder : {"/etc/systemd/system", "/etc/systemd/user", "/run/systemd/system", "/usr/local/lib/systemd/system",
                                   "/usr/lib/systemd/system", "/usr/lib/systemd/user"})
    collect(host, folder, files);
  if (host.files().info("/lib").kind == FileKind::folder) collect(host, "/lib/systemd/system", files);
  for (const auto& user : host.users())
    if (user.home.size() > 1 && user.home.front() == '/') collect(host, user.home + "/.config/systemd/user", files);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  files.erase(std::unique(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path == b.path; }), files.end());

  const auto before = out.size();
  for (const auto& file : files) {
    const std::string unit{base_name(file.path)};
    const auto remove = file.path.ends_with(".conf")
                            ? std::string{}
                            : fmt::format("systemctl disable --now {} && {}", shell_quoted(unit), set_aside(file.path));
    judge_lines(host, file.path, "systemd unit", remove, command_of, out);
  }
  judge_recent(host, files, "systemd unit", out);
  if (out.size() == before)
    out.push_back({.key = "units", .title = fmt::format("{} systemd units, timers and drop-ins, none suspicious or new", files.size())});
}

const Register<CheckSpec> reg{{"systemd_units", "suspicious and recent systemd units, timers and drop-ins", run}};

}  // namespace
}  // namespace sekisho
