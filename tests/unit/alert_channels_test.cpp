// What each receiver gets, against its documented fields; and hostile text in every one of them.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "alert/message.h"
#include "alert/safe_text.h"
#include "alert/target_address.h"
#include "alert_sample.h"
#include "hostile_strings.h"

namespace sekisho {
namespace {

using nlohmann::json;
using samples::hostile_alert;
using samples::rendered;
using samples::udp_alert;

AlertHttp http_of(const std::string& type, const Alert& alert) {
  const auto delivery = rendered(type, alert);
  EXPECT_TRUE(std::holds_alternative<AlertHttp>(delivery)) << type;
  return std::get<AlertHttp>(delivery);
}
json body_of(const std::string& type, const Alert& alert) {
  const auto parsed = json::parse(http_of(type, alert).body, nullptr, false);
  EXPECT_TRUE(parsed.is_object() || parsed.is_array()) << type;
  return parsed;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
std::string header(const AlertHttp& http, std::string_view name) {
  for (const auto& [key, value] : http.headers)
    if (key == name) return value;
  return "";
}
// No control characters but line ends, no marks of direction.
void expect_plain(const std::string& text) {
  EXPECT_FALSE(has(text, "\x1b")) << text;
  EXPECT_FALSE(has(text, "\xe2\x80\xae")) << text;
}
void each_string(const json& at, const std::function<void(const std::string&)>& look) {
  if (at.is_string()) look(at.get<std::string>());
  if (at.is_structured())
    for (const auto& one : at) each_string(one, look);
}

TEST(AlertMessage, OneSubjectLine) {
  EXPECT_EQ(alert_message(udp_alert()).subject, "[CRIT] web-3 inbound UDP flood 812 kpps (x97 normal), since 02:15:10");
  auto a = udp_alert();
  a.event = AlertEvent::resolved;
  a.time = a.facts.started + 400 * kSecond;
  EXPECT_EQ(alert_message(a).subject, "[RESOLVED] web-3 inbound UDP flood, peak 812 kpps, after 6 min 40 s");
  a.event = AlertEvent::reminder;
  a.facts.normal_pps = 0;
  EXPECT_EQ(alert_message(a).subject, "[CRIT] web-3 not acknowledged: inbound UDP flood 812 kpps, since 02:15:10");
  a.facts.started -= 24 * 3600 * kSecond;
  EXPECT_TRUE(has(alert_message(a).subject, "since 2026-11-21 02:15:10"));
}

TEST(AlertMessage, IsComplete) {
  const auto text = plain_text(alert_message(udp_alert()));
  for (const auto* part : {"under attack", "812 kpps", "since 02:15:10", "1,904 sources", "Ask your provider", "x.pcapng",
                           "sekisho ack i-20261122-7K3F", "https://sekisho.example.org/incidents/01M80GJC4Y5Q9WSCBY2R0T7K3F"})
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
}

TEST(AlertMessage, StaysOnItsLines) {
  const auto m = alert_message(hostile_alert());
  expect_plain(m.subject + plain_text(m));
  EXPECT_FALSE(has(m.subject, "\n"));
  for (const auto& line : m.lines) EXPECT_FALSE(has(line.text, "\n")) << line.text;
}

TEST(AlertJson, ComesBackAsItWas) {
  auto a = udp_alert();
  a.event = AlertEvent::worse, a.former = Severity::high, a.incidents = 3, a.by = "uid 0", a.notes = {{"x", "1"}};
  a.facts.ended = 7;
  const auto back = parse_alert(alert_json(a));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(alert_json(back.value()), alert_json(a));
  EXPECT_FALSE(parse_alert("{}").ok());
  EXPECT_FALSE(parse_alert("[1").ok());
  EXPECT_TRUE(parse_alert(R"({"id":"x","event":"opened","time":"soon","facts":{"id":7,"ended":[]}})").ok());
}

TEST(AlertWebhook, IsSignedAsStandardWebhooks) {
  // The example of github.com/standard-webhooks/standard-webhooks.
  const auto key = from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  EXPECT_EQ(base64_text(hmac_sha256(key, "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}")),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  const auto http = http_of("webhook", udp_alert());
  EXPECT_EQ(http.url, "https://hooks.example.org/secret-path");
  EXPECT_EQ(header(http, "webhook-id"), udp_alert().id);
  EXPECT_EQ(header(http, "Idempotency-Key"), udp_alert().id);
  EXPECT_EQ(header(http, "webhook-timestamp"), "1795313720");
  EXPECT_EQ(header(http, "webhook-signature"), "v1," + base64_text(hmac_sha256("R0UT1NGK3Y", udp_alert().id + ".1795313720." + http.body)));
  const auto body = json::parse(http.body);
  EXPECT_EQ(body["schema"], 1);
  EXPECT_EQ(body["event"], "opened");
  EXPECT_EQ(body["incident"]["label"], "udp_flood");
}

TEST(AlertWebhook, TwoKeysWhileTheyChange) {
  auto channel = samples::alert_channel("webhook");
  channel.secret = "new\nold";
  const auto delivery = render_alert(channel, udp_alert(), samples::kAlertTime);
  const auto signature = header(std::get<AlertHttp>(delivery), "webhook-signature");
  EXPECT_EQ(signature.find(" v1,"), signature.find(' '));
  EXPECT_NE(signature.find(' '), std::string::npos);
}

TEST(AlertSlack, DocumentedFields) {
  const auto body = body_of("slack", udp_alert());
  EXPECT_TRUE(has(body["text"], "[CRIT] web-3"));
  for (const auto& block : body["blocks"]) EXPECT_TRUE(block["type"] == "section" || block["type"] == "context");
  EXPECT_EQ(body["blocks"][0]["text"]["type"], "plain_text");
  for (const auto& block : body["blocks"])
    if (block.contains("text")) {
      EXPECT_LE(block["text"]["text"].get<std::string>().size(), 3000U);
    }
}

TEST(AlertSlack, NothingHostileIsMarkup) {
  const auto body = body_of("slack", hostile_alert());
  each_string(body, [](const std::string& text) {
    expect_plain(text);
    if (!has(text, "|Open in Sekisho>")) {
      EXPECT_EQ(text.find_first_of("<>"), std::string::npos) << text;
    }
  });
  EXPECT_FALSE(has(body.dump(), "<!channel>"));
}

TEST(AlertDiscord, DocumentedFieldsAndLimits) {
  for (const auto& alert : {udp_alert(), hostile_alert()}) {
    const auto body = body_of("discord", alert);
    EXPECT_EQ(body["allowed_mentions"], json::parse(R"({"parse":[]})"));
    EXPECT_LE(body["content"].get<std::string>().size(), 2000U);
    ASSERT_EQ(body["embeds"].size(), 1U);
    const auto& embed = body["embeds"][0];
    EXPECT_LE(embed["title"].get<std::string>().size(), 256U);
    EXPECT_LE(embed["fields"].size(), 25U);
    std::size_t all = embed["title"].get<std::string>().size();
    for (const auto& f : embed["fields"]) {
      EXPECT_LE(f["name"].get<std::string>().size(), 256U);
      EXPECT_LE(f["value"].get<std::string>().size(), 1024U);
      all += f["name"].get<std::string>().size() + f["value"].get<std::string>().size();
    }
    EXPECT_LE(all, 6000U);
    EXPECT_TRUE(embed["color"].is_number());
  }
}

TEST(AlertDiscord, NothingHostileIsMarkup) {
  const auto body = body_of("discord", hostile_alert());
  each_string(body, [](const std::string& text) {
    expect_plain(text);
    EXPECT_FALSE(has(text, "@everyone")) << text;
    EXPECT_FALSE(has(text, "@here")) << text;
    EXPECT_FALSE(has(text, "](http")) << text;
    if (!text.starts_with("https://sekisho")) {
      EXPECT_FALSE(has(text, "http://")) << text;
    }
    EXPECT_FALSE(has(text, " **b")) << text;
  });
}

TEST(AlertTeams, IsAnAdaptiveCardWithoutMarkdown) {
  for (const auto& alert : {udp_alert(), hostile_alert()}) {
    const auto body = body_of("teams", alert);
    EXPECT_EQ(body["type"], "message");
    ASSERT_EQ(body["attachments"].size(), 1U);
    EXPECT_EQ(body["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    const auto& card = body["attachments"][0]["content"];
    EXPECT_EQ(card["type"], "AdaptiveCard");
    EXPECT_EQ(card["version"], "1.4");
    // TextBlock and FactSet read markdown, rich text does not.
    for (const auto& block : card["body"]) {
      EXPECT_EQ(block["type"], "RichTextBlock");
      for (const auto& run : block["inlines"]) EXPECT_EQ(run["type"], "TextRun");
    }
    EXPECT_EQ(card["actions"][0]["type"], "Action.OpenUrl");
    EXPECT_FALSE(card["msteams"].contains("entities"));  // without them <at> is text
    each_string(body, expect_plain);
  }
}

TEST(AlertTelegram, DocumentedFields) {
  const auto http = http_of("telegram", udp_alert());
  EXPECT_EQ(http.url, "https://api.telegram.org/botR0UT1NGK3Y/sendMessage");
  const auto body = json::parse(http.body);
  EXPECT_EQ(body["chat_id"], "-1001");
  EXPECT_EQ(body["parse_mode"], "HTML");
  EXPECT_EQ(body["link_preview_options"]["is_disabled"], true);
  const auto text = body_of("telegram", hostile_alert())["text"].get<std::string>();
  expect_plain(text);
  // One preformatted stretch and our own link: no mention or address is looked for in the first.
  EXPECT_TRUE(text.starts_with("<pre>"));
  const auto inner = text.substr(5, text.find("</pre>") - 5);
  EXPECT_EQ(inner.find_first_of("<>"), std::string::npos);
  EXPECT_EQ(text.substr(text.find("</pre>")),
            "</pre>\n<a href=\"https://sekisho.example.org/incidents/01M80GJC4Y5Q9WSCBY2R0T7K3F\">Open in Sekisho</a>");
  EXPECT_LE(text.size(), 16'000U);
}

TEST(AlertPagerDuty, TriggerAcknowledgeResolve) {
  auto a = udp_alert();
  auto body = body_of("pagerduty", a);
  EXPECT_EQ(body["routing_key"], "R0UT1NGK3Y");
  EXPECT_EQ(body["event_action"], "trigger");
  EXPECT_EQ(body["dedup_key"], a.group);
  EXPECT_EQ(body["payload"]["severity"], "critical");
  EXPECT_EQ(body["payload"]["source"], "web-3");
  EXPECT_LE(body["payload"]["summary"].get<std::string>().size(), 1024U);
  EXPECT_EQ(body["payload"]["timestamp"], "2026-11-22T02:15:20.000000Z");
  EXPECT_EQ(body["links"][0]["href"], "https://sekisho.example.org/incidents/01M80GJC4Y5Q9WSCBY2R0T7K3F");
  const std::set<std::string> levels{"critical", "error", "warning", "info"};
  for (const auto severity : {Severity::info, Severity::low, Severity::medium, Severity::high}) {
    a.facts.severity = severity;
    EXPECT_TRUE(levels.contains(body_of("pagerduty", a)["payload"]["severity"]));
  }
  a.event = AlertEvent::acknowledged;
  EXPECT_EQ(body_of("pagerduty", a)["event_action"], "acknowledge");
  a.event = AlertEvent::resolved;
  EXPECT_EQ(body_of("pagerduty", a)["event_action"], "resolve");
  EXPECT_EQ(body_of("pagerduty", a)["dedup_key"], a.group);
  a.event = AlertEvent::digest;
  EXPECT_TRUE(std::holds_alternative<std::monostate>(rendered("pagerduty", a)));
  each_string(body_of("pagerduty", hostile_alert()), [](const std::string& text) {
    if (!has(text, "https://")) return;
    EXPECT_FALSE(has(text, "\n"));
  });
}

TEST(AlertOpsgenie, CreateAcknowledgeClose) {
  auto a = udp_alert();
  auto http = http_of("opsgenie", a);
  EXPECT_EQ(http.url, "https://api.opsgenie.com/v2/alerts");
  EXPECT_EQ(header(http, "Authorization"), "GenieKey R0UT1NGK3Y");
  auto body = json::parse(http.body);
  EXPECT_LE(body["message"].get<std::string>().size(), 130U);
  EXPECT_EQ(body["alias"], a.group);
  EXPECT_EQ(body["priority"], "P1");
  EXPECT_TRUE(body["details"].is_object());
  EXPECT_TRUE(body["tags"].is_array());
  a.event = AlertEvent::resolved;
  EXPECT_EQ(http_of("opsgenie", a).url, "https://api.opsgenie.com/v2/alerts/01M80GJC4Y5Q9WSCBY2R0T7K3F/close?identifierType=alias");
  a.event = AlertEvent::acknowledged;
  EXPECT_EQ(http_of("opsgenie", a).url, "https://api.opsgenie.com/v2/alerts/01M80GJC4Y5Q9WSCBY2R0T7K3F/acknowledge?identifierType=alias");
  a.group = "../../v1/x?y#z";
  EXPECT_EQ(http_of("opsgenie", a).url, "https://api.opsgenie.com/v2/alerts/v1xyz/acknowledge?identifierType=alias");
  const auto hostile = body_of("opsgenie", hostile_alert());
  for (const auto* name : {"message", "description", "entity"})
    EXPECT_EQ(hostile[name].get<std::string>().find_first_of("<>"), std::string::npos) << name;
  EXPECT_LE(hostile["description"].get<std::string>().size(), 15'000U);
}

TEST(AlertNtfy, PublishesAsJson) {
  const auto http = http_of("ntfy", udp_alert());
  EXPECT_EQ(http.url, "https://ntfy.example.org/");
  EXPECT_EQ(header(http, "Authorization"), "Bearer R0UT1NGK3Y");
  const auto body = json::parse(http.body);
  EXPECT_EQ(body["topic"], "ops");
  EXPECT_EQ(body["priority"], 5);
  EXPECT_TRUE(has(body["title"], "[CRIT]"));
  EXPECT_EQ(body["click"], "https://sekisho.example.org/incidents/01M80GJC4Y5Q9WSCBY2R0T7K3F");
  EXPECT_FALSE(body.contains("markdown"));
  const auto hostile = body_of("ntfy", hostile_alert());
  each_string(hostile, expect_plain);
  EXPECT_LE(hostile["message"].get<std::string>().size(), 4096U);
  EXPECT_FALSE(hostile.contains("actions"));
}

TEST(AlertAlertmanager, PostableAlerts) {
  auto a = udp_alert();
  auto http = http_of("alertmanager", a);
  EXPECT_EQ(http.url, "https://hooks.example.org/secret-path/api/v2/alerts");
  auto body = json::parse(http.body);
  ASSERT_EQ(body.size(), 1U);
  EXPECT_EQ(body[0]["labels"]["alertname"], "SekishoIncident");
  EXPECT_EQ(body[0]["labels"]["severity"], "critical");
  EXPECT_EQ(body[0]["startsAt"], "2026-11-22T02:15:10.000000Z");
  EXPECT_GT(body[0]["endsAt"].get<std::string>(), "2026-12");
  const auto labels = body[0]["labels"];
  a.event = AlertEvent::resolved;
  body = body_of("alertmanager", a);
  EXPECT_EQ(body[0]["labels"], labels);
  EXPECT_EQ(body[0]["endsAt"], "2026-11-22T02:15:20.000000Z");
  a.event = AlertEvent::worse, a.former = Severity::high;
  body = body_of("alertmanager", a);
  ASSERT_EQ(body.size(), 2U);
  EXPECT_EQ(body[1]["labels"]["severity"], "high");
  EXPECT_EQ(body[1]["endsAt"], "2026-11-22T02:15:20.000000Z");
  for (const auto& [name, value] : body[0]["labels"].items()) EXPECT_TRUE(value.is_string()) << name;
  for (const auto& [name, value] : body[0]["annotations"].items()) EXPECT_TRUE(value.is_string()) << name;
}

TEST(AlertEmail, HeadersCannotBeAdded) {
  for (const auto& alert : {udp_alert(), hostile_alert()}) {
    const auto mail = std::get<AlertMail>(rendered("email", alert));
    const auto head = mail.text.substr(0, mail.text.find("\r\n\r\n"));
    EXPECT_FALSE(has(head, "\r\nBcc:")) << head;
    EXPECT_TRUE(has(head, "\r\nTo: ops@example.org,\r\n boss@example.org\r\n"));
    EXPECT_TRUE(has(head, "\r\nAuto-Submitted: auto-generated"));
    EXPECT_TRUE(has(head, "Date: Sun, 22 Nov 2026 02:15:20 +0000"));
    for (std::size_t at = 0; at < mail.text.size();) {
      const auto end = std::min(mail.text.find("\r\n", at), mail.text.size());
      EXPECT_LE(end - at, 998U);
      EXPECT_EQ(mail.text.substr(at, end - at).find_first_of("\r\n"), std::string::npos);
      EXPECT_NE(mail.text.substr(at, end - at), ".");
      at = end + 2;
    }
    for (const char c : mail.text) EXPECT_TRUE(static_cast<unsigned char>(c) < 0x7f && (c >= 0x20 || c == '\r' || c == '\n'));
  }
}

std::string mail_part(const std::string& text, const std::string& type) {
  const auto head = text.find("Content-Type: " + type);
  const auto from = text.find("\r\n\r\n", head) + 4;
  std::string encoded = text.substr(from, text.find("\r\n--", from) - from);
  std::erase(encoded, '\r'), std::erase(encoded, '\n');
  return from_base64(encoded);
}

TEST(AlertEmail, HtmlStaysText) {
  const auto mail = std::get<AlertMail>(rendered("email", hostile_alert()));
  const auto html = mail_part(mail.text, "text/html"), plain = mail_part(mail.text, "text/plain");
  EXPECT_TRUE(has(html, "&lt;script&gt;")) << html;
  EXPECT_FALSE(has(html, "<script>"));
  EXPECT_TRUE(has(plain, "<script>"));
  expect_plain(plain), expect_plain(html);
}

TEST(AlertEmail, RefusesWhatIsNoMailbox) {
  AlertChannelSettings s;
  s.type = "email", s.url = "smtp://mail.example.org", s.from = "a@b.example", s.to = {"x@y.example\r\nBcc: z@y.example"};
  EXPECT_FALSE(make_alert_channel("m", s).ok());
  s.to = {"x@y.example"};
  EXPECT_TRUE(make_alert_channel("m", s).ok());
  s.user = "u", s.secret = "p", s.tls = "off";
  EXPECT_FALSE(make_alert_channel("m", s).ok());
}

TEST(AlertSyslog, Rfc5424) {
  auto text = std::get<AlertDatagram>(rendered("syslog", udp_alert())).text;
  EXPECT_TRUE(text.starts_with("<129>1 2026-11-22T02:15:20.000000Z web-3 sekisho - incident [sekisho@32473 event=\"opened\"")) << text;
  EXPECT_TRUE(has(text, "] \xef\xbb\xbf[CRIT] web-3"));
  text = std::get<AlertDatagram>(rendered("syslog", hostile_alert())).text;
  expect_plain(text);
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
  // Seven fields by single spaces before the structured data, whose quotes are closed.
  EXPECT_EQ(text.find(" [sekisho@32473 "), text.find(" sekisho - incident [") + 19);
  bool inside = false;
  std::size_t end = std::string::npos;
  for (std::size_t i = text.find("[sekisho@"); i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '"') inside = !inside;
    if (text[i] == ']' && !inside) {
      end = i;
      break;
    }
  }
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(text.substr(end, 5), "] \xef\xbb\xbf");
}

TEST(AlertCef, HeaderAndExtensionsAreEscaped) {
  const auto cef_of = [](const std::string& text) { return text.substr(text.find("CEF:0|")); };
  auto text = cef_of(std::get<AlertDatagram>(rendered("cef", udp_alert())).text);
  EXPECT_TRUE(text.starts_with("CEF:0|Sekisho|Sekisho|1|udp_flood|inbound UDP flood|10|rt=")) << text;
  EXPECT_TRUE(has(text, " dst=203.0.113.5 "));
  text = cef_of(std::get<AlertDatagram>(rendered("cef", hostile_alert())).text);
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
  std::size_t bars = 0, at = 0;
  for (; at < text.size() && bars < 7; ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '|')
      ++bars;
  }
  ASSERT_EQ(bars, 7U);
  EXPECT_EQ(text.substr(at, 3), "rt=");
  // In the extension every '=' that is not escaped belongs to a key.
  const std::set<std::string> keys{"rt",        "act", "externalId", "dvchost", "msg",      "cat",       "deviceDirection",
                                   "start",     "dst", "src",        "cnt",     "cfp1",     "cfp1Label", "cfp2",
                                   "cfp2Label", "cs1", "cs1Label",   "cs2",     "cs2Label", "filePath",  "end"};
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
      continue;
    }
    if (text[at] != '=') continue;
    const auto from = text.rfind(' ', at) == std::string::npos || text.rfind(' ', at) < text.rfind('|', at) ? text.rfind('|', at) + 1
                                                                                                            : text.rfind(' ', at) + 1;
    EXPECT_TRUE(keys.contains(text.substr(from, at - from))) << text.substr(from, at - from);
  }
}

TEST(AlertEve, AddsTheEvent) {
  const auto line = std::get<AlertDatagram>(rendered("eve", udp_alert())).text;
  const auto parsed = json::parse(line);
  EXPECT_EQ(parsed["event_type"], "alert");
  EXPECT_EQ(parsed["sekisho_event"], "opened");
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(AlertProgramChannel, InputIsBounded) {
  auto a = udp_alert();
  a.facts.json = R"({"id":")" + std::string(100'000, 'x') + R"("})";
  const auto input = std::get<AlertProgram>(rendered("program", a)).input;
  EXPECT_LE(input.size(), 65'536U);
  EXPECT_TRUE(json::parse(input)["incident"].is_null());
}

TEST(AlertChannels, EachEventOfEachTypeIsAnswered) {
  std::set<std::string> files, types;
  for (const auto& spec : Registry<AlertChannelSpec>::all()) {
    types.insert(std::string{spec.name});
    for (int event = 0; event <= static_cast<int>(AlertEvent::test); ++event)
      for (auto alert : {udp_alert(), hostile_alert()}) {
        alert.event = static_cast<AlertEvent>(event);
        if (alert.event == AlertEvent::digest || alert.event == AlertEvent::overflow)
          alert.facts = {}, alert.group = "", alert.notes = {{"", samples::kHostile}, {"x", "1"}};
        const auto channel = samples::alert_channel(std::string{spec.name});
        const auto delivery = render_alert(channel, alert, samples::kAlertTime);
        const auto shown = shown_delivery(channel, delivery);
        EXPECT_FALSE(has(shown, "R0UT1NGK3Y")) << spec.name;
        EXPECT_FALSE(has(shown, "secretsecret")) << spec.name;
        if (const auto* http = std::get_if<AlertHttp>(&delivery)) {
          const auto body = json::parse(http->body, nullptr, false);
          EXPECT_FALSE(body.is_discarded()) << spec.name;
          each_string(body, expect_plain);
          for (const auto& [name, value] : http->headers) EXPECT_EQ((name + value).find_first_of("\r\n"), std::string::npos);
        }
      }
  }
  EXPECT_EQ(types, (std::set<std::string>{"alertmanager", "cef", "discord", "email", "eve", "ntfy", "opsgenie", "pagerduty", "program",
                                          "slack", "syslog", "teams", "telegram", "webhook"}));
}

// Names of the headers of a mail, in their order: none is added by what an alert says.
std::vector<std::string> header_names(const std::string& mail) {
  std::vector<std::string> names;
  for (const auto& line : lines_of(mail.substr(0, mail.find("\r\n\r\n"))))
    if (line[0] != ' ' && line[0] != '\t') names.push_back(line.substr(0, line.find(':')));
  return names;
}

// Controls but line ends, C1, marks of direction and what takes no place (but Discord's own zero width space).
void expect_nothing_unseen(const std::string& text, const std::string& type, const std::string& line_ends) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    EXPECT_TRUE((c >= 0x20 && c != 0x7f) || has(line_ends, text.substr(at, 1))) << type << ": " << text;
    if (c == 0xc2) {
      EXPECT_GE(static_cast<unsigned char>(text[at + 1]), 0xa0) << type;
    }
  }
  for (const auto* unseen : {"\u00ad", "\u061c", "\u180e", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202d",
                             "\u202e", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\U000e0041"})
    EXPECT_FALSE(has(text, unseen)) << type << ": " << text;
  if (type != "discord") {
    EXPECT_FALSE(has(text, "\u200b")) << type << ": " << text;
  }
}

TEST(AlertChannels, NoHostileStringBreaksOutOfAnyChannel) {
  const auto strings = samples::hostile_strings(SEKISHO_SOURCE_DIR "/tests/hostile/strings.json");
  ASSERT_GE(strings.size(), 30U);
  for (const auto& spec : Registry<AlertChannelSpec>::all())
    for (const auto& text : strings) {
      const std::string type{spec.name};
      const auto usual = rendered(type, udp_alert()), delivery = rendered(type, samples::alert_saying(text));
      ASSERT_EQ(delivery.index(), usual.index()) << type;
      if (const auto* http = std::get_if<AlertHttp>(&delivery)) {
        const auto& plain = std::get<AlertHttp>(usual);
        EXPECT_EQ(http->url.substr(0, http->url.find("//") + 10), plain.url.substr(0, plain.url.find("//") + 10)) << type;
        ASSERT_EQ(http->headers.size(), plain.headers.size()) << type;
        for (const auto& [name, value] : http->headers) expect_nothing_unseen(name + value, type, "");
        const auto body = json::parse(http->body, nullptr, false);
        ASSERT_FALSE(body.is_discarded()) << type << ": " << http->body;
        each_string(body, [&](const std::string& one) {
          expect_nothing_unseen(one, type, "\n");
          if (type == "slack") {
            for (const auto* mention : {"<!", "<@"}) EXPECT_FALSE(has(one, mention)) << one;
          }
          if (type == "discord") {
            for (const auto* mention : {"@everyone", "@here", "<@U", "<@&"}) EXPECT_FALSE(has(one, mention)) << one;
          }
          if (type == "telegram") {
            for (const auto* tag : {"<script", "<img", "<svg", "<iframe", "<link", "<style", "<meta", "<form"})
              EXPECT_FALSE(has(one, tag)) << one;
          }
        });
      } else if (const auto* mail = std::get_if<AlertMail>(&delivery)) {
        EXPECT_EQ(header_names(mail->text), header_names(std::get<AlertMail>(usual).text));
        EXPECT_EQ(mail->to, std::get<AlertMail>(usual).to);
        expect_nothing_unseen(mail->text, type, "\r\n");
        for (const auto* part : {"text/plain", "text/html"}) expect_nothing_unseen(mail_part(mail->text, part), type, "\r\n");
        for (const auto* tag : {"<script", "<img", "<svg", "<iframe", "<link", "<meta http", "<form", "<b id"})
          EXPECT_FALSE(has(mail_part(mail->text, "text/html"), tag)) << tag;
      } else if (const auto* line = std::get_if<AlertDatagram>(&delivery)) {
        auto one = line->text;
        if (const auto mark = one.find("\xef\xbb\xbf"); type == "syslog" && mark != std::string::npos) one.erase(mark, 3);
        if (type == "eve" && one.ends_with('\n')) one.pop_back();
        expect_nothing_unseen(one, type, "");
      } else if (const auto* program = std::get_if<AlertProgram>(&delivery)) {
        const auto input = json::parse(program->input, nullptr, false);
        ASSERT_TRUE(input.is_object()) << type;
        each_string(input, [&](const std::string& each) { expect_nothing_unseen(each, type, "\n"); });
      }
    }
}

TEST(AlertTargets, PrivateOnesAreKnown) {
  const auto is_private = [](const char* text) {
    sockaddr_storage address{};
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    if (::inet_pton(AF_INET, text, &v4->sin_addr) == 1)
      address.ss_family = AF_INET;
    else if (::inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
      address.ss_family = AF_INET6;
    return is_private_target(reinterpret_cast<sockaddr*>(&address));
  };
  for (const auto* text : {"127.0.0.1",
                           "127.8.9.1",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "::",
                           "::1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "::127.0.0.1",
                           "fe80::1",
                           "fec0::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "64:ff9b::a00:1",
                           "2002:7f00:1::",
                           "2002:c0a8:101::1"})
    EXPECT_TRUE(is_private(text)) << text;
  for (const auto* text : {"203.0.113.5", "172.15.255.255", "172.32.0.1", "192.0.2.1", "100.128.0.1", "2001:db8::1", "::ffff:203.0.113.5",
                           "64:ff9b::cb00:7105"})
    EXPECT_FALSE(is_private(text)) << text;
}

TEST(AlertChannels, SettingsThatAreWrong) {
  const auto refused = [](AlertChannelSettings s, const std::string& name = "x") {
    const auto made = make_alert_channel(name, std::move(s));
    return made.ok() ? std::string{} : made.error().message;
  };
  EXPECT_TRUE(has(refused({}), "'type' must be one of alertmanager, cef"));
  EXPECT_TRUE(has(refused({.type = "webhook", .url = "https://h.example/"}), "needs secret_file"));
  EXPECT_TRUE(has(refused({.type = "webhook", .url = "http://h.example/", .secret = "k"}), "must be https://"));
  EXPECT_EQ(refused({.type = "webhook", .url = "http://h.example/", .secret = "k", .private_targets = true}), "");
  EXPECT_TRUE(has(refused({.type = "webhook", .url = "file:///etc/passwd", .secret = "k"}), "must begin with https://"));
  EXPECT_TRUE(has(refused({.type = "webhook", .url = "https://u:pw@h.example/", .secret = "k"}), "user or password"));
  EXPECT_FALSE(has(refused({.type = "webhook", .url = "https://u:pw@h.example/", .secret = "k"}), "pw"));
  EXPECT_TRUE(has(refused({.type = "webhook", .url = "https://h.example/", .secret = "a\tb"}), "control characters"));
  EXPECT_TRUE(has(refused({.type = "slack"}, "Bad Name"), "letters a-z"));
  EXPECT_TRUE(has(refused({.type = "program", .program = "tell"}), "absolute path"));
  EXPECT_TRUE(has(refused({.type = "slack", .secret_file = "/nonexistent"}), "No such file"));
}

TEST(AlertChannels, WhatIsShownOfAnAddress) {
  EXPECT_EQ(shown_alert_url("https://hooks.example.org/T0/B0/x"), "https://hooks.example.org/…");
  EXPECT_EQ(shown_alert_url("https://hooks.example.org"), "https://hooks.example.org");
  EXPECT_EQ(shown_alert_url("https://u:p@hooks.example.org?token=1"), "https://***@hooks.example.org/…");
  EXPECT_EQ(shown_alert_url("nonsense"), "***");
}

// One file for each type of channel.
TEST(AlertChannels, RoomAndRegistryAgree) {
  std::set<std::string> registered;
  for (const auto& spec : Registry<AlertChannelSpec>::all()) registered.insert(std::string{spec.name} + ".cpp");
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator{SEKISHO_SOURCE_DIR "/src/alert"}) {
    std::ifstream file{entry.path()};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (has(text, "Register<AlertChannelSpec> reg{")) found.insert(entry.path().filename().string());
  }
  EXPECT_EQ(found, registered);
}

}  // namespace
}  // namespace sekisho
