// Cron and at jobs that look like a bot's, and recent ones that no package brought.
#include <fmt/format.h>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/start_files.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

void run(HostView& host, Findings& out) {
  std::vector<StartFile> files;
  for (const std::string path : {"/etc/crontab", "/etc/anacrontab"})
    if (const auto info = host.files().followed_info(path); info.kind == FileKind::regular) files.push_back({path, info});
  for (const std::string folder : {"/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly",
                                   "/var/spool/cron", "/var/spool/cron/crontabs", "/var/spool/cron/atjobs", "/var/spool/at"}) {
    const auto more = start_files(host, folder);
    files.insert(files.end(), more.begin(), more.end());
  }
  const auto before = out.size();
  for (const auto& file : files) {
    // Scripts of the daily folders are programs of packages: their text is judged, their "curl | sh" as well.
    const bool table = file.path.starts_with("/var/spool/cron/crontabs/") || file.path.starts_with("/var/spool/cron/");
    const std::string remove = table ? fmt::format("crontab -u {0} -l >{1} && crontab -u {0} -r", shell_quoted(base_name(file.path)),
                                                   shell_quoted(fmt::format("/root/{}.suspect", base_name(file.path))))
                                     : std::string{};
    if (judge_lines(
            host, file.path, "cron job", remove, [](std::string_view line) { return line; }, out) &&
        table)
      out.back().undo = fmt::format("crontab -u {} {}", shell_quoted(base_name(file.path)),
                                    shell_quoted(fmt::format("/root/{}.suspect", base_name(file.path))));
  }
  judge_recent(host, files, "cron job", out);
  if (out.size() == before)
    out.push_back({.key = "cron", .title = fmt::format("{} cron and at files, none suspicious or new", files.size())});
}

const Register<CheckSpec> reg{{"cron", "suspicious and recent cron and at jobs", run}};

}  // namespace
}  // namespace sekisho
