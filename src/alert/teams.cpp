// teams: a Workflows webhook of Microsoft Teams: an Adaptive Card 1.4 of rich text runs, in which nothing is markdown.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) { return check_alert_url(c, {"https", "http"}); }

Json run(std::string text, bool bold) {
  Json out{{"type", "TextRun"}, {"text", std::move(text)}};
  if (bold) out["weight"] = "Bolder";
  return out;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  Json body = Json::array();
  Json title = run(cut_text(m.subject, 1000), true);
  title["size"] = "Medium";
  body.push_back({{"type", "RichTextBlock"}, {"inlines", Json::array({std::move(title)})}});
  for (const auto& line : m.lines)
    body.push_back(
        {{"type", "RichTextBlock"}, {"spacing", "Small"}, {"inlines", Json::array({run(line.name + ": ", true), run(line.text, false)})}});
  Json card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
            {"type", "AdaptiveCard"},
            {"version", "1.4"},
            {"body", std::move(body)},
            {"msteams", {{"width", "Full"}}}};
  if (!m.link.empty()) card["actions"] = Json::array({{{"type", "Action.OpenUrl"}, {"title", "Open in Sekisho"}, {"url", m.link}}});
  const Json message{
      {"type", "message"},
      {"attachments",
       Json::array({{{"contentType", "application/vnd.microsoft.card.adaptive"}, {"contentUrl", nullptr}, {"content", std::move(card)}}})}};
  return AlertHttp{
      "POST", alert_target(c), {{"Content-Type", "application/json"}}, message.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"teams", "a Workflows webhook of Microsoft Teams", check, render}};

}  // namespace
}  // namespace sekisho
