// opsgenie: the Alert API (docs.opsgenie.com/docs/alert-api): create, acknowledge and close by alias.
#include <nlohmann/json.hpp>

#include "alert/channel.h"
#include "alert/safe_text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) {
  TRY(need_alert_secret(c, "the integration's API key"));
  return c.settings.url.empty() ? Result<void>{} : check_alert_url(c, {"https", "http"});
}

std::string_view priority(const Alert& alert) {
  if (alert.facts.id.empty()) return "P5";
  switch (alert.facts.severity) {
    case Severity::critical: return "P1";
    case Severity::high: return "P2";
    case Severity::medium: return "P3";
    case Severity::low: return "P4";
    case Severity::info: break;
  }
  return "P5";
}

// Its pages show descriptions as HTML.
std::string without_tags(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "\u2039" : c == '>' ? "\u203a" : std::string(1, c);
  return out;
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  const std::string base = c.settings.url.empty() ? "https://api.opsgenie.com" : c.settings.url;
  // Letters and digits only, as they stand in the address.
  std::string alias;
  for (const char ch : alert.group.empty() ? alert.id : alert.group)
    if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '-') alias += ch;
  const AlertHeaders headers{{"Content-Type", "application/json"}, {"Authorization", "GenieKey " + c.secret}};
  if (alert.event == AlertEvent::resolved || alert.event == AlertEvent::acknowledged) {
    const bool resolved = alert.event == AlertEvent::resolved;
    const Json body{{"source", cut_text(alert.host, 100)},
                    {"user", cut_text(resolved ? "Sekisho" : alert.by, 100)},
                    {"note", cut_text(without_tags(m.subject), 2000)}};
    return AlertHttp{"POST", base + "/v2/alerts/" + alias + (resolved ? "/close" : "/acknowledge") + "?identifierType=alias", headers,
                     body.dump(-1, ' ', false, Json::error_handler_t::replace)};
  }
  std::string text = m.subject + "\n";
  Json details = Json::object();
  for (const auto& line : m.lines) text += line.name + ": " + line.text + "\n", details[line.name] = cut_text(without_tags(line.text), 500);
  if (!m.link.empty()) details["link"] = m.link;
  Json tags = Json::array({"sekisho"});
  if (!alert.facts.id.empty()) {
    tags.push_back(to_string(alert.facts.kind)), tags.push_back(to_string(alert.facts.direction));
    tags.push_back(cut_text(without_tags(alert.facts.label), 50));
  }
  const Json body{{"message", cut_text(without_tags(m.subject), 130)},
                  {"alias", alias},
                  {"description", cut_text(without_tags(text), 15'000)},
                  {"details", std::move(details)},
                  {"tags", std::move(tags)},
                  {"entity", cut_text(without_tags(alert.facts.subject), 512)},
                  {"source", cut_text(alert.host, 100)},
                  {"priority", priority(alert)}};
  return AlertHttp{"POST", base + "/v2/alerts", headers, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

const Register<AlertChannelSpec> reg{{"opsgenie", "Opsgenie's Alert API (url = \"https://api.eu.opsgenie.com\" in Europe)", check, render}};

}  // namespace
}  // namespace sekisho
