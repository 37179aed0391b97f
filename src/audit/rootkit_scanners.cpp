// chkrootkit and rkhunter: present, last run; with --with-scanners their result.
#include <fmt/format.h>

#include <algorithm>

#include "audit/check.h"
#include "audit/text_lines.h"
#include "base/time.h"

namespace sekisho {
namespace {

struct Scanner {
  std::string name;
  std::vector<std::string> programs, args, logs;
};
const std::vector<Scanner>& scanners() {
  static const std::vector<Scanner> all{
      {"chkrootkit", {"/usr/sbin/chkrootkit", "/sbin/chkrootkit"}, {"-q"}, {"/var/log/chkrootkit/log.today", "/var/log/chkrootkit.log"}},
      {"rkhunter",
       {"/usr/bin/rkhunter", "/usr/local/bin/rkhunter"},
       {"--check", "--skip-keypress", "--nocolors", "--report-warnings-only", "--quiet"},
       {"/var/log/rkhunter.log"}}};
  return all;
}

bool is_result(const Scanner& scanner, std::string_view line) {
  return scanner.name == "rkhunter" ? line.find("Warning:") != std::string_view::npos
                                    : line.find("INFECTED") != std::string_view::npos || line.find("Possible ") != std::string_view::npos ||
                                          line.find("Warning") != std::string_view::npos;
}

void run_scanner(HostView& host, const Scanner& scanner, Findings& out) {
  const auto program = host.trusted_program(scanner.programs);
  if (!program) return;
  ChildRun child;
  child.program = *program;
  child.args = scanner.args;
  child.within = std::chrono::milliseconds(host.settings().scanner_within_ms);
  const auto ran = run_child(child);
  AuditFinding f{.key = scanner.name + " result"};
  if (!ran.ok() || ran.value().timed_out) {
    f.state = AuditState::unknown;
    f.title = ran.ok() ? fmt::format("{} was not ready within {} (setting audit.scanner_within)", scanner.name,
                                     format_duration(host.settings().scanner_within_ms * kMillisecond))
                       : ran.error().message;
    out.push_back(std::move(f));
    return;
  }
  const auto text = ran.value().out + ran.value().err;
  bool infected = false;
  for_each_line(text, [&](int, std::string_view line) {
    if (!is_result(scanner, line)) return;
    infected |= line.find("INFECTED") != std::string_view::npos && line.find("not infected") == std::string_view::npos;
    if (f.evidence.size() < 20) f.evidence.push_back(shown(trimmed(line)));
  });
  f.state = infected ? AuditState::high : f.evidence.empty() ? AuditState::ok : AuditState::low;
  f.infection = infected;
  f.title = f.evidence.empty() ? fmt::format("{} ran and warned of nothing", scanner.name)
                               : fmt::format("{} ran and warned {} times", scanner.name, f.evidence.size());
  if (f.state != AuditState::ok) {
    f.why = "These scanners know old rootkits by their files; many of their warnings have harmless causes, and each deserves a look.";
    f.fix = fmt::format("{} {}", *program, scanner.name == "rkhunter" ? "--check --skip-keypress" : "");
    f.undo = "looking changes nothing";
  }
  out.push_back(std::move(f));
}

void run(HostView& host, Findings& out) {
  bool present = false;
  for (const auto& scanner : scanners()) {
    const auto found =
        std::find_if(scanner.programs.begin(), scanner.programs.end(), [&](const std::string& p) { return host.files().exists(p); });
    if (found == scanner.programs.end()) continue;
    present = true;
    std::int64_t last = 0;
    std::string latest;
    for (const auto& log : scanner.logs)
      if (const auto info = host.files().followed_info(log); info.kind == FileKind::regular && info.modified_s > last)
        last = info.modified_s, latest = log;
    const auto age_s = std::max<std::int64_t>(host.now_s() - last, 0);
    const bool stale = last == 0 || age_s > 14 * 86'400;
    out.push_back({.key = scanner.name,
                   .state = stale ? AuditState::low : AuditState::ok,
                   .title = last == 0 ? fmt::format("{} is installed and has never run", scanner.name)
                                      : fmt::format("{} ran {} ago", scanner.name, format_duration(age_s * kSecond)),
                   .evidence = {last == 0 ? fmt::format("{} is there, and no log of it", *found) : fmt::format("{}: changed last", latest)},
                   .why = stale ? "A scanner that does not run finds nothing." : "",
                   .fix = stale ? "sekisho audit --with-scanners   # or its own daily job: /etc/default/" + scanner.name : "",
                   .undo = stale ? "nothing to undo" : ""});
    if (host.live() && host.settings().with_scanners) run_scanner(host, scanner, out);
  }
  if (!present)
    out.push_back({.key = "scanners",
                   .state = AuditState::low,
                   .title = "neither chkrootkit nor rkhunter is installed",
                   .why = "They know the files of old rootkits, which this audit does not look for.",
                   .fix = "apt-get install --no-install-recommends chkrootkit rkhunter",
                   .undo = "apt-get purge chkrootkit rkhunter"});
}

const Register<CheckSpec> reg{{"rootkit_scanners", "whether chkrootkit and rkhunter are there and run", run}};

}  // namespace
}  // namespace sekisho
