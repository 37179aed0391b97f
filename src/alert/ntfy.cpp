// ntfy: publishing as JSON to the server's root (docs.ntfy.sh/publish). Markdown stays off: the text is plain.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

struct Parts {
  std::string server, topic;
};
Parts parts_of(const std::string& url) {
  const auto slash = url.rfind('/');
  if (slash == std::string::npos || slash < url.find("://") + 3) return {};
  return {url.substr(0, slash), url.substr(slash + 1)};
}

Result<void> check(const AlertChannel& c) {
  if (c.settings.url.empty()) return Error{"[alert." + c.name + "] needs 'url', such as https://ntfy.sh/topic", ErrorKind::usage};
  TRY(check_alert_url(c, {"https", "http"}));
  const auto topic = parts_of(c.settings.url).topic;
  if (topic.empty() || topic.find_first_of("?#") != std::string::npos)
    return Error{"[alert." + c.name + "] 'url' must end with a topic: https://ntfy.sh/topic", ErrorKind::usage};
  return {};
}

int priority(const Alert& alert) {
  if (alert.event == AlertEvent::resolved || alert.event == AlertEvent::digest || alert.event == AlertEvent::acknowledged) return 2;
  return alert.facts.severity == Severity::critical ? 5 : alert.facts.severity == Severity::high ? 4 : 3;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  const auto [server, topic] = parts_of(c.settings.url);
  std::string text;
  for (const auto& line : m.lines) text += line.name + ": " + line.text + "\n";
  const bool over = alert.event == AlertEvent::resolved || alert.event == AlertEvent::acknowledged;
  Json body{{"topic", topic},
            {"title", cut_text(m.subject, 250)},
            {"message", cut_text(text, 3800)},  // of more than 4096 bytes it would make an attachment
            {"priority", priority(alert)},
            {"tags", Json::array({over                     ? "white_check_mark"
                                  : alert.facts.id.empty() ? "information_source"
                                                           : "rotating_light"})}};
  if (!m.link.empty()) body["click"] = m.link;
  AlertHeaders headers{{"Content-Type", "application/json"}};
  if (!c.secret.empty())
    headers.emplace_back("Authorization",
                         c.settings.user.empty() ? "Bearer " + c.secret : "Basic " + base64_text(c.settings.user + ":" + c.secret));
  return AlertHttp{"POST", server + "/", std::move(headers), body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"ntfy", "a topic of ntfy.sh or of your own ntfy", check, render}};

}  // namespace
}  // namespace sekisho
