// slack: an incoming webhook (docs.slack.dev, "Sending messages using incoming webhooks"). Plain text objects: nothing in them is markup.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) { return check_alert_url(c, {"https", "http"}); }

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  const auto section = [](std::string_view text) {
    return Json{{"type", "section"}, {"text", {{"type", "plain_text"}, {"text", cut_text(slack_text(text), 2900)}, {"emoji", false}}}};
  };
  Json blocks = Json::array({section(m.subject)});
  std::string text;
  for (const auto& line : m.lines) text += line.name + ": " + line.text + "\n";
  if (!text.empty()) blocks.push_back(section(text));
  if (!m.link.empty())
    blocks.push_back(
        {{"type", "context"}, {"elements", Json::array({{{"type", "mrkdwn"}, {"text", "<" + slack_text(m.link) + "|Open in Sekisho>"}}})}});
  const Json body{{"text", cut_text(slack_text(m.subject), 2900)},
                  {"mrkdwn", false},
                  {"unfurl_links", false},
                  {"unfurl_media", false},
                  {"blocks", std::move(blocks)}};
  return AlertHttp{
      "POST", alert_target(c), {{"Content-Type", "application/json"}}, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"slack", "an incoming webhook of Slack (also Mattermost)", check, render}};

}  // namespace
}  // namespace sekisho
