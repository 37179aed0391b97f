// Wires the checks to the packet filter, the notes of the last run and the terminal.
#include "app/audit_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/audit_history.h"
#include "app/audit_report.h"
#include "app/audit_setup.h"
#include "app/command.h"
#include "app/config.h"
#include "app/output_file.h"

namespace sekisho {
namespace {

struct Done {
  int status = 0;
  bool abandoned = false;
};

Result<Done> audit(const AuditCommand& command) {
  const Config config = TRY(load_config(command.config));
  AuditOptions options = audit_options(config, command.root);
  options.only = command.only;
  options.settings.with_scanners = command.with_scanners;
  AuditState fail_on = AuditState::medium;
  const auto& threshold = command.fail_on ? *command.fail_on : config.audit.fail_on;
  parse_audit_state(threshold == "info" ? "low" : threshold, fail_on);

  // The notes belong to the running system; another root has notes only where --state says.
  const bool keeps_notes = command.state.has_value() || command.root == "/";
  const std::string notes = command.state.value_or(config.audit.state);
  std::optional<LastAudit> last;
  if (keeps_notes) {
    auto read = read_last_audit(notes);
    if (read.ok())
      last = std::move(read).value();
    else
      fmt::print(stderr, "sekisho: {}\n", read.error().message);
  }
  if (command.since_last && !last) fmt::print(stderr, "sekisho: there are no notes of an earlier audit in {}: everything is new\n", notes);

  const AuditRun run = TRY(run_audit(options));
  const AuditHistory history = compare(run.report, last, command.only);
  if (keeps_notes && command.only.empty()) {
    const auto written = write_last_audit(notes, run.report);
    if (!written.ok()) fmt::print(stderr, "sekisho: {}; the next run cannot say what changed\n", written.error().message);
  }
  const AuditView view{command.verbose, command.since_last && last.has_value()};
  TRY(write_output("-", command.json ? audit_json_text(run.report, history, view)
                                     : audit_text(run.report, history, view, terminal_style(STDOUT_FILENO, command.color))));
  const auto& findings = run.report.findings;
  const bool found = std::any_of(findings.begin(), findings.end(), [&](const AuditFinding& f) { return f.state >= fail_on; });
  const bool nothing_known =
      std::all_of(findings.begin(), findings.end(), [](const AuditFinding& f) { return f.state == AuditState::unknown; });
  return Done{found ? 1 : nothing_known || run.abandoned ? 3 : 0, run.abandoned};
}

}  // namespace

int run_audit_command(const AuditCommand& command) {
  const auto done = audit(command);
  if (!done.ok()) return fail(done.error());
  if (done.value().abandoned) {
    std::fflush(nullptr);
    ::_exit(done.value().status);  // a thread of the audit hangs in the kernel: nobody waits for it
  }
  return done.value().status;
}

}  // namespace sekisho
