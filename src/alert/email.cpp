// email: one message of two forms, plain and HTML, for an SMTP server. Header lines are made of what cannot break them.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "alert/channel.h"
#include "alert/payload.h"
#include "alert/safe_text.h"
#include "base/html.h"

namespace sekisho {
namespace {

bool is_mailbox(const std::string& text) {
  const auto at = text.find('@');
  return at != std::string::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string::npos && text.size() < 255 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return c > 0x20 && c < 0x7f && std::string_view{"<>()[],;:\\\""}.find(static_cast<char>(c)) == std::string_view::npos;
         });
}

Result<void> check(const AlertChannel& c) {
  TRY(check_alert_url(c, {"smtp", "smtps"}));
  if (c.settings.to.empty()) return Error{"[alert." + c.name + "] needs 'to', such as [\"ops@example.org\"]", ErrorKind::usage};
  if (!is_mailbox(c.settings.from)) return Error{"[alert." + c.name + "] needs 'from', a plain mail address", ErrorKind::usage};
  for (const auto& to : c.settings.to)
    if (!is_mailbox(to)) return Error{"[alert." + c.name + "] 'to' has plain mail addresses only: \"ops@example.org\"", ErrorKind::usage};
  if (!c.settings.user.empty()) TRY(need_alert_secret(c, "the password of 'user'"));
  if (!c.settings.user.empty() && c.settings.tls == "off" && c.settings.url.starts_with("smtp:"))
    return Error{"[alert." + c.name + "] a password is not sent without TLS: leave out tls = \"off\"", ErrorKind::usage};
  return {};
}

// RFC 2047 words of at most 75 characters; ASCII stands as it is when it fits.
std::string header_text(std::string_view text) {
  const bool plain = text.size() <= 66 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; }) &&
                     text.find("=?") == std::string_view::npos;
  if (plain) return std::string{text};
  std::string out;
  while (!text.empty()) {
    auto end = std::min<std::size_t>(text.size(), 45);
    while (end < text.size() && end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", base64_text(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return out;
}

std::string body_part(std::string_view type, std::string_view text) {
  std::string out = fmt::format("Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", type);
  const auto encoded = base64_text(text);
  for (std::size_t at = 0; at < encoded.size(); at += 76) out += encoded.substr(at, 76) + "\r\n";
  return out;
}

std::string date_of(TimeNs time) {
  const std::time_t seconds = time / kSecond;
  std::tm tm{};
  ::gmtime_r(&seconds, &tm);
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
                     tm.tm_hour, tm.tm_min, tm.tm_sec);
}

// What may stand in a message id.
std::string atom(std::string_view text) {
  std::string out;
  for (const char c : text)
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.') out += c;
  return out.empty() ? "sekisho" : out.substr(0, 100);
}

std::string html_page(const Alert& alert, const AlertMessage& m) {
  const bool calm = alert.event == AlertEvent::resolved || alert.event == AlertEvent::acknowledged || alert.facts.id.empty();
  std::string out = fmt::format(
      "<!doctype html><html><body style=\"font-family:sans-serif;color:#1d2433\"><p style=\"border-left:6px solid {};padding:6px 10px;"
      "font-weight:bold\">{}</p><table cellpadding=\"4\">",
      calm                                     ? "#2e9e5b"
      : alert.facts.severity >= Severity::high ? "#d92d20"
                                               : "#dc9b04",
      html_escaped(m.subject));
  for (const auto& line : m.lines)
    out += fmt::format("<tr><td valign=\"top\" style=\"color:#5b6577\">{}</td><td>{}</td></tr>", html_escaped(line.name),
                       html_escaped(line.text));
  out += "</table>";
  if (!m.link.empty()) out += fmt::format("<p><a href=\"{}\">Open in Sekisho</a></p>", html_escaped(m.link));
  return out + "</body></html>\n";
}

AlertDelivery render(const AlertChannel& c, const Alert& alert, TimeNs) {
  const auto m = alert_message(alert);
  const auto domain = atom(alert.host);
  const auto boundary = "=_" + atom(alert.id).substr(0, 60);
  std::string to;
  for (const auto& one : c.settings.to) to += (to.empty() ? "" : ",\r\n ") + one;
  std::string text = fmt::format("Date: {}\r\nFrom: Sekisho <{}>\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n", date_of(alert.time),
                                 c.settings.from, to, header_text(m.subject), atom(alert.id), domain);
  // All messages of one incident stand together.
  if (!alert.group.empty()) text += fmt::format("References: <{}@{}>\r\n", atom(alert.group), domain);
  if (alert.facts.severity == Severity::critical && begins_or_goes_on(alert.event)) text += "Importance: high\r\nX-Priority: 1\r\n";
  text += fmt::format("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n",
                      boundary);
  text += fmt::format("--{}\r\n{}--{}\r\n{}--{}--\r\n", boundary, body_part("text/plain", m.subject + "\n\n" + plain_text(m)), boundary,
                      body_part("text/html", html_page(alert, m)), boundary);
  return AlertMail{c.settings.from, c.settings.to, std::move(text)};
}

const Register<AlertChannelSpec> reg{{"email", "mail through an SMTP server: smtp:// with STARTTLS, smtps:// with TLS", check, render}};

}  // namespace
}  // namespace sekisho
