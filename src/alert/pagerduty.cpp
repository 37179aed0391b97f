// pagerduty: Events API v2 (developer.pagerduty.com): trigger, acknowledge and resolve with the group as dedup_key.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/payload.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) {
  TRY(need_alert_secret(c, "the integration's routing key"));
  return c.settings.url.empty() ? Result<void>{} : check_alert_url(c, {"https", "http"});
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  if (alert.event == AlertEvent::digest) return {};
  const bool resolve = alert.event == AlertEvent::resolved, acknowledge = alert.event == AlertEvent::acknowledged;
  const auto m = alert_message(alert);
  Json body{{"routing_key", c.secret},
            {"event_action", resolve       ? "resolve"
                             : acknowledge ? "acknowledge"
                                           : "trigger"},
            {"dedup_key", cut_text(alert.group.empty() ? alert.id : alert.group, 255)}};
  if (!resolve && !acknowledge) {
    Json details = Json::object();
    for (const auto& line : m.lines) details[line.name] = line.text;
    body["payload"] = {{"summary", cut_text(m.subject, 1024)},
                       {"source", alert.host},
                       {"severity", four_levels(alert.facts.severity)},
                       {"timestamp", format_rfc3339(alert.time)},
                       {"component", alert.facts.subject},
                       {"group", to_string(alert.facts.kind)},
                       {"class", alert.facts.label},
                       {"custom_details", std::move(details)}};
    body["client"] = "Sekisho";
    if (!m.link.empty()) {
      body["client_url"] = m.link;
      body["links"] = Json::array({{{"href", m.link}, {"text", "Open in Sekisho"}}});
    }
  }
  const std::string url = c.settings.url.empty() ? "https://events.pagerduty.com/v2/enqueue" : c.settings.url;
  return AlertHttp{"POST", url, {{"Content-Type", "application/json"}}, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"pagerduty", "PagerDuty's Events API v2", check, render}};

}  // namespace
}  // namespace sekisho
