// syslog: RFC 5424 with the incident as structured data; over UDP, TCP and TLS (RFC 5425, 6587) or a local socket.
#include <fmt/format.h>

#include <algorithm>

#include "alert/channel.h"
#include "alert/safe_text.h"
#include "alert/syslog_header.h"

namespace sekisho {
namespace {

Result<void> check(const AlertChannel& c) { return check_syslog_url(c); }

// PARAM-VALUE, RFC 5424 section 6.3.3.
std::string value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  const auto& f = alert.facts;
  std::string data = "-";
  if (!f.id.empty()) {
    // The enterprise number is the one of RFC 5424's examples for documentation.
    data = fmt::format(
        R"([sekisho@32473 event="{}" incident="{}" group="{}" kind="{}" direction="{}" label="{}" severity="{}" subject="{}" peak_pps="{:.0f}" peak_bps="{:.0f}")",
        to_string(alert.event), value(f.id), value(alert.group), to_string(f.kind), to_string(f.direction), value(f.label),
        to_string(f.severity), value(clean_line(f.subject)), f.peak_pps, f.peak_bps);
    if (!f.process.empty()) data += fmt::format(R"( process="{}")", value(clean_line(f.process)));
    if (!f.evidence.empty()) data += fmt::format(R"( evidence="{}")", value(clean_line(f.evidence)));
    data += "]";
  }
  std::string text = m.subject;
  for (const auto& line : m.lines) text += "; " + line.name + ": " + line.text;
  return AlertDatagram{syslog_header(alert, "incident") + data + " \xef\xbb\xbf" + cut_text(text, 1600), is_stream(c)};
}

const Register<AlertChannelSpec> reg{{"syslog", "a syslog receiver, RFC 5424", check, render}};

}  // namespace
}  // namespace sekisho
