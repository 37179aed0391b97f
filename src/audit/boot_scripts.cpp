// rc.local, inittab, init.d, profiles and udev rules: what runs at start or login.
#include <fmt/format.h>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/start_files.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

// "id:levels:action:process" of inittab; the command of a udev rule's RUN+="…"; other lines as they are.
std::string_view inittab_command(std::string_view line) {
  if (trimmed(line).starts_with('#')) return {};
  auto rest = line;
  for (int field = 0; field < 3; ++field) {
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) return {};
    rest.remove_prefix(colon + 1);
  }
  return rest;
}
std::string_view udev_command(std::string_view line) {
  const auto at = line.find("RUN");
  if (trimmed(line).starts_with('#') || at == std::string_view::npos) return {};
  const auto open = line.find('"', at);
  if (open == std::string_view::npos) return {};
  return line.substr(open + 1, line.find('"', open + 1) - open - 1);
}
std::string_view whole_line(std::string_view line) { return line; }

void add_file(HostView& host, const std::string& path, std::vector<StartFile>& files) {
  if (const auto info = host.files().followed_info(path); info.kind == FileKind::regular) files.push_back({path, info});
}

void run(HostView& host, Findings& out) {
  const auto before = out.size();
  std::vector<StartFile> scripts, profiles, tables, rules;
  for (const std::string path : {"/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/rc.local", "/etc/boot.local", "/etc/rc.d/rc.sysinit"})
    add_file(host, path, scripts);
  for (const std::string folder :
       {"/etc/init.d", "/etc/rcS.d", "/etc/network/if-up.d", "/etc/NetworkManager/dispatcher.d", "/etc/update-motd.d"})
    for (auto& file : start_files(host, folder)) scripts.push_back(std::move(file));
  add_file(host, "/etc/inittab", tables);
  for (const std::string path : {"/etc/profile", "/etc/bash.bashrc", "/etc/zsh/zshrc", "/etc/environment"}) add_file(host, path, profiles);
  for (auto& file : start_files(host, "/etc/profile.d")) profiles.push_back(std::move(file));
  for (const auto& user : host.users()) {
    if (user.home.size() < 2 || user.home.front() != '/') continue;
    for (const char* name : {".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zprofile", ".config/autostart"})
      add_file(host, user.home + "/" + name, profiles);
  }
  for (auto& file : start_files(host, "/etc/udev/rules.d")) rules.push_back(std::move(file));

  for (const auto& file : scripts) judge_lines(host, file.path, "start script", {}, whole_line, out);
  for (const auto& file : tables) judge_lines(host, file.path, "init table", {}, inittab_command, out);
  for (const auto& file : profiles) judge_lines(host, file.path, "login script", {}, whole_line, out);
  for (const auto& file : rules) judge_lines(host, file.path, "udev rule", {}, udev_command, out);
  judge_recent(host, scripts, "start script", out);
  judge_recent(host, tables, "init table", out);
  // Login scripts of users change every day; those for everybody do not.
  std::erase_if(profiles, [](const StartFile& f) { return !f.path.starts_with("/etc/"); });
  judge_recent(host, profiles, "login script", out);
  judge_recent(host, rules, "udev rule", out);
  if (out.size() == before)
    out.push_back({.key = "scripts",
                   .title = fmt::format("{} start scripts, login scripts and udev rules, none suspicious or new",
                                        scripts.size() + tables.size() + profiles.size() + rules.size())});
}

const Register<CheckSpec> reg{{"boot_scripts", "suspicious and recent rc.local, inittab, init.d, profiles, udev rules", run}};

}  // namespace
}  // namespace sekisho
