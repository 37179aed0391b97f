// Header fields are printable ASCII without spaces.
#include "alert/syslog_header.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sekisho {
namespace {

int priority(const Alert& alert) {
  constexpr int local0 = 16 * 8;
  if (alert.facts.id.empty() || alert.event == AlertEvent::resolved || alert.event == AlertEvent::acknowledged) return local0 + 5;
  switch (alert.facts.severity) {
    case Severity::critical: return local0 + 1;
    case Severity::high: return local0 + 2;
    case Severity::medium: return local0 + 4;
    case Severity::low: return local0 + 5;
    case Severity::info: break;
  }
  return local0 + 6;
}

}  // namespace

std::string syslog_header(const Alert& alert, std::string_view message_id) {
  std::string host;
  for (const char c : alert.host)
    if (c > 0x20 && c < 0x7f && host.size() < 255) host += c;
  return fmt::format("<{}>1 {} {} sekisho - {} ", priority(alert), format_rfc3339(alert.time), host.empty() ? "-" : host, message_id);
}

Result<void> check_syslog_url(const AlertChannel& c) {
  if (c.settings.url.starts_with("unix:///")) return {};
  return check_alert_url(c, {"udp", "tcp", "tls", "unix"});
}

bool is_stream(const AlertChannel& c) { return c.settings.url.starts_with("tcp:") || c.settings.url.starts_with("tls:"); }

std::string clean_line(std::string_view text) { return escape_hostile(text, 400); }

}  // namespace sekisho
