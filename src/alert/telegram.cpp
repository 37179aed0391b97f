// telegram: sendMessage of a bot (core.telegram.org/bots/api#sendmessage). The text is preformatted: no mention or link is looked for in
// it.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/safe_text.h"
#include "base/html.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) {
  TRY(need_alert_secret(c, "the bot's token"));
  if (c.settings.chat.empty()) return Error{"[alert." + c.name + "] needs 'chat', the id of the chat", ErrorKind::usage};
  if (c.secret.find_first_of("/?# \n") != std::string::npos)
    return Error{"[alert." + c.name + "] the secret is no bot token", ErrorKind::usage};
  return c.settings.url.empty() ? Result<void>{} : check_alert_url(c, {"https", "http"});
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  std::string text = m.subject + "\n";
  for (const auto& line : m.lines) text += line.name + ": " + line.text + "\n";
  // 4096 characters after entities are read: cut before they are written, with room for the link.
  text = "<pre>" + html_escaped(cut_text(text, 3500)) + "</pre>";
  if (!m.link.empty()) text += "\n<a href=\"" + html_escaped(m.link) + "\">Open in Sekisho</a>";
  const bool loud = alert.event != AlertEvent::resolved && alert.event != AlertEvent::digest && alert.event != AlertEvent::acknowledged;
  const Json body{{"chat_id", c.settings.chat},
                  {"text", std::move(text)},
                  {"parse_mode", "HTML"},
                  {"link_preview_options", {{"is_disabled", true}}},
                  {"disable_notification", !loud}};
  const std::string base = c.settings.url.empty() ? "https://api.telegram.org" : c.settings.url;
  return AlertHttp{"POST",
                   base + "/bot" + c.secret + "/sendMessage",
                   {{"Content-Type", "application/json"}},
                   body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"telegram", "a bot of Telegram", check, render}};

}  // namespace
}  // namespace sekisho
