// Settings of channels, their checks, and what may be shown of them.
#include "alert/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "alert/safe_text.h"
#include "base/fd.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr double kDayMs = 86'400'000.0;
constexpr Field<AlertChannelSettings> kFields[] = {
    {"type", &AlertChannelSettings::type, 0, 0, "what takes the alerts"},
    {"url", &AlertChannelSettings::url, 0, 0, "where they are sent; only its host is ever shown"},
    {"secret", &AlertChannelSettings::secret, 0, 0, "key, token, password or secret address; never shown, but secret_file is better"},
    {"secret_file", &AlertChannelSettings::secret_file, 0, 0, "file that holds the secret; webhook: one key a line while keys change"},
    {"kinds", &AlertChannelSettings::kinds, 0, 0, "flood scan c2 bruteforce reflector backscatter exposure; empty: all"},
    {"directions", &AlertChannelSettings::directions, 0, 0, "ingress, egress; empty: both"},
    {"severity", &AlertChannelSettings::severity, 0, 0, "the lowest that is told"},
    {"hours", &AlertChannelSettings::hours, 0, 0,
     "when, such as \"Mon-Fri 08:00-18:00\"; empty: always; what goes on is told when they begin"},
    {"after", &AlertChannelSettings::after, 0, 7 * kDayMs, "a step of escalation: only what nobody acknowledged in this time; 0s: at once"},
    {"repeat", &AlertChannelSettings::repeat, 0, 7 * kDayMs, "told again this often until somebody acknowledges; 0s: never"},
    {"updates", &AlertChannelSettings::updates, 0, 0, "told again when it has doubled or others joined, at most each ten minutes"},
    {"resolved", &AlertChannelSettings::resolved, 0, 0, "the end is told too"},
    {"per_hour", &AlertChannelSettings::per_hour, 1, 10'000,
     "at most so many an hour (critical ones: twice as many); that more wait is said once"},
    {"digest", &AlertChannelSettings::digest, 0, 0, "time of day for one message about what was not told, such as \"08:00\"; empty: none"},
    {"private_targets", &AlertChannelSettings::private_targets, 0, 0,
     "the url may lead to this machine or a private network, and need not be https"},
    {"ca_file", &AlertChannelSettings::ca_file, 0, 0, "PEM file of the authorities that are trusted; empty: the system's"},
    {"timeout", &AlertChannelSettings::timeout, 500, 60'000, "how long one attempt may take"},
    {"to", &AlertChannelSettings::to, 0, 0, "email: who gets it"},
    {"args", &AlertChannelSettings::args, 0, 0, "program: its arguments"},
    {"from", &AlertChannelSettings::from, 0, 0, "email: the sender's address"},
    {"user", &AlertChannelSettings::user, 0, 0, "email, ntfy, alertmanager: user name, when there is one"},
    {"tls", &AlertChannelSettings::tls, 0, 0, "email with an smtp:// url: STARTTLS required or off"},
    {"chat", &AlertChannelSettings::chat, 0, 0, "telegram: id of the chat"},
    {"program", &AlertChannelSettings::program, 0, 0, "program: an absolute path; it gets JSON on standard input, no shell"},
    {"path", &AlertChannelSettings::path, 0, 0, "eve: the file or unix socket"},
};

Error wrong(const AlertChannel& c, std::string_view what) { return {fmt::format("[alert.{}] {}", c.name, what), ErrorKind::usage}; }

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<std::string> read_secret(const AlertChannel& c) {
  const auto& path = c.settings.secret_file;
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  char bytes[4097];
  const auto got = file ? ::read(file.get(), bytes, sizeof bytes) : -1;
  if (got < 0) return Error{fmt::format("[alert.{}] secret_file {}: {}", c.name, escape_hostile(path), std::strerror(errno))};
  if (got > 4096) return wrong(c, "secret_file holds more than 4096 bytes: is it the right file?");
  std::string text(bytes, static_cast<std::size_t>(got));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.empty()) return wrong(c, "secret_file is empty");
  return text;
}

void hide(std::string& text, const std::string& secret) {
  if (secret.empty()) return;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) text.replace(at, secret.size(), "***"), at += 3;
}

}  // namespace

std::span<const Field<AlertChannelSettings>> alert_channel_fields() { return kFields; }

const AlertChannelSpec* find_alert_channel(std::string_view type) {
  for (const auto& spec : Registry<AlertChannelSpec>::all())
    if (spec.name == type) return &spec;
  return nullptr;
}

AlertDelivery render_alert(const AlertChannel& channel, const Alert& alert, TimeNs now) {
  const auto* spec = find_alert_channel(channel.settings.type);
  if (!spec) return {};
  Alert clean = alert;
  auto& f = clean.facts;
  for (auto* text : {&clean.id, &clean.group, &clean.host, &clean.by, &f.id, &f.name, &f.label, &f.what, &f.subject})
    *text = escape_hostile(*text, 200);
  for (auto* text : {&f.verdict, &f.size, &f.when, &f.target, &f.who, &f.process, &f.evidence}) *text = escape_hostile(*text, 500);
  f.advice = escape_hostile(f.advice, 1000);
  for (auto& note : clean.notes) note = {escape_hostile(note.name, 100), escape_hostile(note.text, 400)};
  return spec->render(channel, clean, now);
}

namespace {

Result<AlertChannel> made(const std::string& name, AlertChannelSettings settings, bool read) {
  AlertChannel c{name, std::move(settings), {}};
  const bool named = !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-';
  });
  if (!named) return Error{"a channel's name has 1 to 40 letters a-z, digits, - and _: [alert.oncall]", ErrorKind::usage};
  const auto* spec = find_alert_channel(c.settings.type);
  if (!spec) {
    std::string types;
    for (const auto& s : Registry<AlertChannelSpec>::all()) types += (types.empty() ? "" : ", ") + std::string{s.name};
    return wrong(c, "'type' must be one of " + types);
  }
  if (!c.settings.secret.empty() && !c.settings.secret_file.empty()) return wrong(c, "has both secret and secret_file: leave out one");
  c.secret = std::move(c.settings.secret);
  c.settings.secret.clear();
  c.secret_read = c.settings.secret_file.empty() || read;
  if (!c.settings.secret_file.empty() && read) c.secret = TRY(read_secret(c));
  for (const auto& line : lines_of(c.secret))
    if (has_controls(line)) return wrong(c, "the secret holds control characters");
  for (const auto* text : {&c.settings.url, &c.settings.from, &c.settings.user, &c.settings.chat})
    if (has_controls(*text)) return wrong(c, "url, from, user and chat have no control characters");
  if (c.settings.tls != "required" && c.settings.tls != "off") return wrong(c, "'tls' must be \"required\" or \"off\"");
  TRY(spec->check(c));
  return c;
}

}  // namespace

Result<AlertChannel> make_alert_channel(const std::string& name, AlertChannelSettings settings) {
  return made(name, std::move(settings), true);
}

Result<void> check_alert_channel(const std::string& name, AlertChannelSettings settings) {
  const auto channel = made(name, std::move(settings), false);
  return channel.ok() ? Result<void>{} : channel.error();
}

Result<void> check_alert_url(const AlertChannel& c, std::initializer_list<std::string_view> schemes) {
  if (c.settings.url.empty() && !c.secret_read) return {};
  const auto& url = alert_target(c);
  std::string list;
  bool known = false;
  for (const auto scheme : schemes) {
    list += (list.empty() ? "" : ", ") + std::string{scheme} + "://";
    known |= url.size() > scheme.size() + 3 && url.starts_with(scheme) && url.substr(scheme.size(), 3) == "://";
  }
  if (url.empty()) return wrong(c, fmt::format("needs 'url' ({}…)", list));
  if (!known) return wrong(c, fmt::format("'url' must begin with {}", list));
  if (url.starts_with("http://") && !c.settings.private_targets)
    return wrong(c, "'url' must be https:// (private_targets = true permits http:// within your own network)");
  if (has_controls(url) || url.find(' ') != std::string::npos) return wrong(c, "'url' has spaces or control characters");
  if (url.substr(0, url.find('/', url.find("://") + 3)).find('@') != std::string::npos)
    return wrong(c, "'url' holds a user or password: use user and secret_file");
  return {};
}

Result<void> need_alert_secret(const AlertChannel& c, std::string_view what) {
  if (!c.secret.empty() || !c.secret_read) return {};
  return wrong(c, fmt::format("needs secret_file (or secret): {}", what));
}

const std::string& alert_target(const AlertChannel& c) { return c.settings.url.empty() ? c.secret : c.settings.url; }

std::string shown_alert_url(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return url.empty() ? "" : "***";
  const auto end = url.find_first_of("/?#", host + 3);
  const auto at = url.substr(0, std::min(end, url.size())).rfind('@');
  const auto shown = at == std::string_view::npos
                         ? std::string{url.substr(0, std::min(end, url.size()))}
                         : fmt::format("{}://***{}", url.substr(0, host), url.substr(at, end == url.npos ? end : end - at));
  return escape_hostile(shown, 200) + (end == std::string_view::npos || end + 1 >= url.size() ? "" : "/…");
}

std::string shown_delivery(const AlertChannel& channel, const AlertDelivery& delivery) {
  std::string out;
  if (const auto* http = std::get_if<AlertHttp>(&delivery)) {
    out = fmt::format("{} {}\n", http->method, shown_alert_url(http->url));
    for (const auto& [name, value] : http->headers)
      out += fmt::format("{}: {}\n", name, name == "Authorization" || name == "webhook-signature" ? "***" : value);
    out += "\n" + http->body + "\n";
  } else if (const auto* mail = std::get_if<AlertMail>(&delivery)) {
    out = fmt::format("MAIL FROM:<{}>\n", mail->from);
    for (const auto& to : mail->to) out += fmt::format("RCPT TO:<{}>\n", to);
    out += "\n" + mail->text + "\n";
  } else if (const auto* line = std::get_if<AlertDatagram>(&delivery)) {
    out = line->text + "\n";
  } else if (const auto* program = std::get_if<AlertProgram>(&delivery)) {
    out = channel.settings.program;
    for (const auto& arg : channel.settings.args) out += " " + arg;
    out += "\n\n" + program->input + "\n";
  } else {
    out = "(nothing is sent for this event)\n";
  }
  for (const auto& key : lines_of(channel.secret)) hide(out, key);
  return out;
}

}  // namespace sekisho
