// Cowrie's logs: a decoy that speaks SSH and telnet. Its JSON, and of its text log the lines that name a source.
#include "decode/json_scan.h"
#include "decode/log_decode.h"
#include "decode/log_text.h"

namespace sekisho {
namespace {

using View = std::string_view;

// Joins the lines of one session: FNV-1a of its name, never 0.
std::uint32_t session_of(View name) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return hash ? hash : 1;
}

LogService service_of(View protocol) {
  if (protocol.find("elnet") != View::npos) return LogService::telnet;
  if (protocol.find("ssh") != View::npos || protocol.find("SSH") != View::npos) return LogService::ssh;
  return LogService::none;
}

LineVerdict done(LogEvent& out, View rule, LogKind kind) {
  out.rule = rule;
  out.kind = kind;
  out.honeypot = true;
  return LineVerdict::event;
}

}  // namespace

LineVerdict decode_cowrie_json(View line, const LogClock& clock, LogEvent& out) {
  View id, input;
  unsigned sources = 0;
  const bool whole = scan_json(line, [&](const JsonValue& v) {
    if (v.depth != 1) return;
    const View key = v.key();
    if (key == "eventid") id = v.raw;
    if (key == "src_ip") sources += address_of(v.raw, out.source);
    if (key == "dst_ip") address_of(v.raw, out.destination);
    if (key == "src_port") whole_number(v.raw, out.source_port);
    if (key == "dst_port") whole_number(v.raw, out.destination_port);
    if (key == "username") out.user = v.raw;
    if (key == "password") out.password = v.raw;
    if (key == "input") input = v.raw;
    if (key == "session") out.connection = session_of(v.raw);
    if ((key == "protocol" || key == "system") && out.service == LogService::none) out.service = service_of(v.raw);
    if (key == "timestamp") {
      View text = v.raw;
      take_iso_time(text, clock, out.time);
    }
  });
  if (!whole || !take(id, "cowrie.")) return LineVerdict::unknown;
  out.has_source = sources == 1;
  out.odd = sources > 1;
  if (id == "login.failed") return done(out, "cowrie: login.failed", LogKind::login_failed);
  if (id == "login.success") return done(out, "cowrie: login.success", LogKind::login_ok);
  if (id == "session.connect") return done(out, "cowrie: session.connect", LogKind::probe);
  if (id == "command.input" || id == "command.failed") {
    out.command = input;
    return done(out, "cowrie: command", LogKind::command);
  }
  return done(out, "cowrie: other", LogKind::nothing);
}

// "2020-12-08T06:28:44+0000 [CowrieTelnetTransport,12,203.0.113.5] login attempt [root/admin] failed": the bracket is Cowrie's own.
LineVerdict decode_cowrie_text(View message, const LogClock& clock, LogEvent& out) {
  View text = message;
  if (!take_iso_time(text, clock, out.time) || !take(text, " [")) return LineVerdict::unknown;
  View system = take_until(text, ']');
  skip_spaces(text);
  out.service = service_of(system);
  if (take(text, "New connection: ")) {
    const auto end = text.substr(0, text.find(' ')).rfind(':');
    if (end == View::npos || !address_of(text.substr(0, end), out.source)) return LineVerdict::unknown;
    text.remove_prefix(end + 1);
    if (!take_number(text, out.source_port) || !take(text, " (")) return LineVerdict::unknown;
    out.has_source = true;
    const View local = take_until(text, ')');
    if (const auto colon = local.rfind(':'); colon != View::npos) {
      whole_number(local.substr(colon + 1), out.destination_port);
      address_of(local.substr(0, colon), out.destination);
    }
    if (take(text, " [session: ")) out.connection = session_of(take_until(text, ']'));
    return done(out, "cowrie: New connection", LogKind::probe);
  }
  const auto comma = system.rfind(',');
  if (comma == View::npos || !address_of(system.substr(comma + 1), out.source)) return LineVerdict::other;
  out.has_source = true;
  if (take(text, "login attempt [")) {
    const bool failed = take_tail(text, "] failed");
    if (!failed && !take_tail(text, "] succeeded")) return LineVerdict::unknown;
    const auto slash = text.find('/');
    out.user = text.substr(0, slash);
    if (slash != View::npos) out.password = text.substr(slash + 1);
    return done(out, failed ? "cowrie: login attempt failed" : "cowrie: login attempt succeeded",
                failed ? LogKind::login_failed : LogKind::login_ok);
  }
  if (take(text, "CMD: ")) {
    out.command = text;
    return done(out, "cowrie: command", LogKind::command);
  }
  return done(out, "cowrie: other", LogKind::nothing);
}

}  // namespace sekisho
