// alertmanager: POST /api/v2/alerts (github.com/prometheus/alertmanager, api/v2/openapi.yaml): postableAlerts.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/payload.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
// Without an end it would count as resolved after minutes without a word; the end is told when it comes.
constexpr DurationNs kAtMost = 30LL * 24 * 3600 * kSecond;

Result<void> check(const AlertChannel& c) { return check_alert_url(c, {"https", "http"}); }

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const bool resolved = alert.event == AlertEvent::resolved;
  if (alert.facts.id.empty() || !(resolved || begins_or_goes_on(alert.event))) return {};
  const auto m = alert_message(alert);
  const auto& f = alert.facts;
  const auto labels = [&](Severity severity) {
    return Json{{"alertname", f.taking_part ? "SekishoTakingPart" : "SekishoIncident"},
                {"severity", to_string(severity)},
                {"instance", alert.host},
                {"kind", to_string(f.kind)},
                {"direction", to_string(f.direction)},
                {"label", f.label},
                {"subject", f.subject},
                {"incident", alert.group}};
  };
  Json annotations{{"summary", m.subject}, {"description", plain_text(m)}};
  for (const auto& line : m.lines) annotations[line.name] = line.text;
  const auto ends = [&](bool over) { return format_rfc3339(over ? alert.time : alert.time + kAtMost); };
  Json all = Json::array({{{"labels", labels(f.severity)},
                           {"annotations", annotations},
                           {"startsAt", format_rfc3339(f.started)},
                           {"endsAt", ends(resolved)},
                           {"generatorURL", m.link}}});
  // Labels are an alert's identity: what was told with the former severity ends.
  if (alert.event == AlertEvent::worse && alert.former != f.severity)
    all.push_back({{"labels", labels(alert.former)},
                   {"annotations", annotations},
                   {"startsAt", format_rfc3339(f.started)},
                   {"endsAt", ends(true)},
                   {"generatorURL", m.link}});
  auto base = c.settings.url;
  while (base.ends_with('/')) base.pop_back();
  if (!base.ends_with("/api/v2/alerts")) base += "/api/v2/alerts";
  AlertHeaders headers{{"Content-Type", "application/json"}};
  if (!c.secret.empty())
    headers.emplace_back("Authorization",
                         c.settings.user.empty() ? "Bearer " + c.secret : "Basic " + base64_text(c.settings.user + ":" + c.secret));
  return AlertHttp{"POST", base, std::move(headers), all.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"alertmanager", "Prometheus Alertmanager, API v2", check, render}};

}  // namespace
}  // namespace sekisho
