// discord: a channel's webhook (discord.com/developers, "Execute Webhook"). Nobody is mentioned whatever the text says.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) { return check_alert_url(c, {"https", "http"}); }

int colour(const Alert& alert) {
  if (alert.event == AlertEvent::resolved || alert.event == AlertEvent::acknowledged) return 0x2e9e5b;
  if (alert.facts.id.empty()) return 0x6b7280;
  return alert.facts.severity >= Severity::high ? 0xd92d20 : alert.facts.severity == Severity::medium ? 0xdc9b04 : 0x2e75d4;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  Json fields = Json::array();
  for (const auto& line : m.lines)
    if (fields.size() < 25 && !line.text.empty())
      fields.push_back(
          {{"name", cut_text(discord_text(line.name), 256)}, {"value", cut_text(discord_text(line.text), 400)}, {"inline", false}});
  Json embed{{"title", cut_text(discord_text(m.subject), 256)},
             {"color", colour(alert)},
             {"timestamp", format_rfc3339(alert.time)},
             {"fields", std::move(fields)}};
  if (!m.link.empty()) embed["url"] = m.link;
  // A notification shows the content only.
  const Json body{{"content", cut_text(discord_text(m.subject), 1900)},
                  {"embeds", Json::array({std::move(embed)})},
                  {"allowed_mentions", {{"parse", Json::array()}}}};
  return AlertHttp{
      "POST", alert_target(c), {{"Content-Type", "application/json"}}, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"discord", "a webhook of a Discord channel", check, render}};

}  // namespace
}  // namespace sekisho
