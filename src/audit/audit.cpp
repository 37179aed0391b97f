// Runs checks one after the other on a thread of their own, so that one that hangs in the kernel does not hang the audit.
#include "audit/audit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/settings.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Clock = std::chrono::steady_clock;

// Shared with the thread of the checks, which may outlive the audit.
struct Progress {
  std::mutex mutex;
  std::condition_variable changed;
  Findings findings;  // of the checks that are done
  std::vector<std::string> limits;
  std::string_view running;
  bool done = false;
};

std::string host_name(HostView& host) {
  std::string name;
  if (host.live()) {
    char buffer[256] = {};
    if (::gethostname(buffer, sizeof buffer - 1) == 0) name = buffer;
  } else {
    name = host.text("/etc/hostname").value_or("");
    name.resize(std::min(name.find('\n'), name.size()));
  }
  return name.empty() ? "(no name)" : shown(name, 100);
}

void run_checks(const std::shared_ptr<Progress>& progress, const std::shared_ptr<HostView>& host, const std::vector<CheckSpec>& checks) {
  for (const auto& check : checks) {
    {
      const std::lock_guard lock{progress->mutex};
      progress->running = check.name;
    }
    Findings found;
    check.run(*host, found);
    for (auto& finding : found) finding.check = check.name;
    const std::lock_guard lock{progress->mutex};
    std::move(found.begin(), found.end(), std::back_inserter(progress->findings));
  }
  const std::lock_guard lock{progress->mutex};
  progress->limits = host->limits();
  progress->done = true;
  progress->changed.notify_all();
}

Result<std::vector<CheckSpec>> chosen_checks(const std::vector<std::string>& only) {
  const auto& all = Registry<CheckSpec>::all();
  if (only.empty()) return all;
  std::vector<CheckSpec> chosen;
  std::vector<std::string_view> names;
  for (const auto& check : all) names.push_back(check.name);
  for (const auto& name : only) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const CheckSpec& c) { return c.name == name; });
    if (found == all.end()) {
      const auto near = nearest_name(name, names);
      return Error{
          fmt::format("there is no check '{}'{}", escape_hostile(name, 60), near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
          ErrorKind::usage};
    }
    chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace

Result<AuditRun> run_audit(const AuditOptions& options) {
  const auto checks = TRY(chosen_checks(options.only));
  std::shared_ptr<HostView> host = TRY(HostView::open({options.root, options.settings, options.sources}));
  AuditRun run;
  run.report.root = options.root;
  run.report.started = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  run.report.as_root = host->as_root();
  run.report.host = host_name(*host);
  const auto began = Clock::now();

  const auto progress = std::make_shared<Progress>();
  std::thread thread{[=] { run_checks(progress, host, checks); }};
  // Checks look at the deadline themselves; five seconds more for the one that is at work.
  auto wait = std::chrono::milliseconds(options.settings.within_ms) + std::chrono::seconds{5};
  if (options.settings.with_scanners) wait += 2 * std::chrono::milliseconds(options.settings.scanner_within_ms);
  {
    std::unique_lock lock{progress->mutex};
    run.abandoned = !progress->changed.wait_for(lock, wait, [&] { return progress->done; });
    run.report.findings = progress->findings;
    run.report.limits = progress->limits;
    if (run.abandoned)
      run.report.limits.push_back(fmt::format(
          "the check {} did not come back (a file system that does not answer?): it and those after it were not done", progress->running));
  }
  if (run.abandoned)
    thread.detach();
  else
    thread.join();
  for (const auto& check : checks) {
    auto& findings = run.report.findings;
    if (std::none_of(findings.begin(), findings.end(), [&](const AuditFinding& f) { return f.check == check.name; }))
      findings.push_back({.check = check.name,
                          .key = "check",
                          .state = AuditState::unknown,
                          .title = fmt::format("{} was not done", check.name),
                          .why = std::string{check.help}});
  }
  std::stable_sort(run.report.findings.begin(), run.report.findings.end(), [](const AuditFinding& a, const AuditFinding& b) {
    if (a.state != b.state) return a.state > b.state;
    if (a.infection != b.infection) return a.infection;
    return std::pair{a.check, std::string_view{a.key}} < std::pair{b.check, std::string_view{b.key}};
  });
  run.report.duration = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began).count();
  return run;
}

}  // namespace sekisho
