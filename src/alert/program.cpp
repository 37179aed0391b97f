// program: an executable that gets the webhook's JSON on standard input. Nothing of an alert stands in its arguments or environment.
#include "alert/channel.h"
#include "alert/payload.h"

namespace sekisho {
namespace {

Result<void> check(const AlertChannel& c) {
  if (c.settings.program.starts_with('/')) return {};
  return Error{"[alert." + c.name + "] needs 'program': an absolute path", ErrorKind::usage};
}

AlertDelivery render(const AlertChannel&, const Alert& alert, TimeNs) {
  auto text = alert_payload(alert) + "\n";
  if (text.size() <= 60'000) return AlertProgram{std::move(text)};
  // More than a pipe takes at once: without the contract object, which `sekisho show --json` has.
  Alert small = alert;
  small.facts.json.clear();
  return AlertProgram{alert_payload(small) + "\n"};
}

const Register<AlertChannelSpec> reg{{"program", "a program of yours", check, render}};

}  // namespace
}  // namespace sekisho
