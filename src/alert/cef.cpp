// cef: ArcSight's Common Event Format, version 0 (revision 25), in a syslog message.
#include <fmt/format.h>

#include "alert/channel.h"
#include "alert/safe_text.h"
#include "alert/syslog_header.h"

namespace sekisho {
namespace {

Result<void> check(const AlertChannel& c) { return check_syslog_url(c); }

std::string header_value(std::string_view text) {
  std::string out;
  for (const char c : clean_line(text)) {
    if (c == '|' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}
std::string extension_value(std::string_view text) {
  std::string out;
  for (const char c : clean_line(text)) {
    if (c == '=' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

int cef_severity(const Alert& alert) {
  if (alert.facts.id.empty() || alert.event == AlertEvent::resolved) return 1;
  switch (alert.facts.severity) {
    case Severity::critical: return 10;
    case Severity::high: return 8;
    case Severity::medium: return 5;
    case Severity::low: return 3;
    case Severity::info: break;
  }
  return 1;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  const auto& f = alert.facts;
  std::string text =
      fmt::format("CEF:0|Sekisho|Sekisho|1|{}|{}|{}|", header_value(f.label.empty() ? std::string{to_string(alert.event)} : f.label),
                  header_value(f.what.empty() ? m.subject : f.what), cef_severity(alert));
  text += fmt::format("rt={} act={} externalId={} dvchost={} msg={}", alert.time / kMillisecond, to_string(alert.event),
                      extension_value(f.id.empty() ? alert.id : f.id), extension_value(alert.host), extension_value(m.subject));
  if (!f.id.empty()) {
    text += fmt::format(" cat={} deviceDirection={} start={}", to_string(f.kind), f.direction == Direction::ingress ? 0 : 1,
                        f.started / kMillisecond);
    const bool is_address = f.subject.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos;
    if (is_address) text += fmt::format(" {}={}", f.direction == Direction::ingress ? "dst" : "src", f.subject);
    text += fmt::format(" cnt={} cfp1={:.0f} cfp1Label=peak_pps cfp2={:.0f} cfp2Label=peak_bps", f.packets, f.peak_pps, f.peak_bps);
    if (!f.process.empty()) text += " cs1=" + extension_value(f.process) + " cs1Label=process";
    if (!f.advice.empty()) text += " cs2=" + extension_value(f.advice) + " cs2Label=advice";
    if (!f.evidence.empty()) text += " filePath=" + extension_value(f.evidence);
    if (f.ended) text += fmt::format(" end={}", *f.ended / kMillisecond);
  }
  return AlertDatagram{syslog_header(alert, "cef") + "- " + text, is_stream(c)};
}

const Register<AlertChannelSpec> reg{{"cef", "a syslog receiver that reads CEF", check, render}};

}  // namespace
}  // namespace sekisho
