// To the sender of the delivery's kind; programs are run here.
#include "alert/send.h"

#include <fmt/format.h>

#include "base/child.h"
#include "base/text.h"

namespace sekisho {
namespace {

AlertOutcome run_program(const AlertChannel& c, const AlertProgram& program, const std::stop_token& stop) {
  ChildRun run;
  run.program = c.settings.program;
  run.args = c.settings.args;
  run.input = program.input;
  run.within = std::chrono::milliseconds{c.settings.timeout.count};
  run.max_output_bytes = 4096;
  run.stop = [&stop] { return stop.stop_requested(); };
  const auto name = escape_hostile(c.settings.program, 120);
  const auto done = run_child(run);
  using enum AlertOutcome::Kind;
  if (!done.ok()) return {try_again, done.error().message, {}};
  if (done.value().timed_out)
    return {try_again, fmt::format("{} did not end within {} ms and was stopped", name, c.settings.timeout.count), {}};
  if (done.value().status != 0) return {try_again, fmt::format("{} ended with status {}", name, done.value().status), {}};
  return {delivered, fmt::format("{} took it", name), {}};
}

}  // namespace

AlertOutcome send_alert(const AlertChannel& channel, const AlertDelivery& delivery, const std::stop_token& stop) {
  if (const auto* http = std::get_if<AlertHttp>(&delivery)) return send_http(channel, *http, stop);
  if (const auto* mail = std::get_if<AlertMail>(&delivery)) return send_mail(channel, *mail, stop);
  if (const auto* datagram = std::get_if<AlertDatagram>(&delivery)) return send_datagram(channel, *datagram, stop);
  if (const auto* program = std::get_if<AlertProgram>(&delivery)) return run_program(channel, *program, stop);
  return {AlertOutcome::Kind::delivered, "nothing to send", {}};
}

}  // namespace sekisho
