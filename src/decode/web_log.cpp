// Web servers' access logs: common and combined lines, and JSON objects with the key names that nginx, Apache, Caddy and Traefik use.
#include "decode/json_scan.h"
#include "decode/log_decode.h"
#include "decode/log_text.h"

namespace sekisho {
namespace {

using View = std::string_view;

// A quoted field up to its closing quote; \" and \\ belong to it. What follows the quote stays in `text`.
bool take_quoted(View& text, View& out) {
  if (!take(text, "\"")) return false;
  std::size_t at = 0;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  if (at >= text.size()) return false;
  out = text.substr(0, at);
  text.remove_prefix(at + 1);
  return true;
}

void put_target(View target, LogEvent& out) { out.path = target.substr(0, target.find_first_of("?#")); }

void put_request(View request, LogEvent& out) {
  // "GET /path HTTP/1.1"; scanners send anything else.
  const View method = request.substr(0, request.find(' '));
  if (method.size() == request.size() || method.size() > 32) {
    out.path = request.substr(0, 64);
    return;
  }
  out.method = method;
  View target = request.substr(method.size() + 1);
  if (const auto space = target.rfind(" HTTP/"); space != View::npos) target = target.substr(0, space);
  put_target(target, out);
}

LineVerdict done(LogEvent& out, View rule) {
  out.rule = rule;
  out.kind = LogKind::request;
  out.service = LogService::http;
  return LineVerdict::event;
}

}  // namespace

LineVerdict decode_web_combined(View line, LogEvent& out) {
  View text = line;
  View first = take_until(text, ' ');
  if (!address_of(first, out.source)) {
    // "www.example.org:443 203.0.113.5 - - […": the virtual host stands in front.
    if (first.empty() || first.find(':') == View::npos) return LineVerdict::unknown;
    first = take_until(text, ' ');
    if (!address_of(first, out.source)) return LineVerdict::unknown;
  }
  // The user may contain spaces, never a quote: the time is what stands right before the first one.
  const auto quote = text.find("] \"");
  if (quote == View::npos || quote < 27 || text[quote - 27] != '[') return LineVerdict::unknown;
  View time = text.substr(quote - 26, 26);
  if (!take_web_time(time, out.time) || !time.empty()) return LineVerdict::unknown;
  View user = text.substr(0, quote - 27);
  take_until(user, ' ');
  trim_tail(user);
  if (user != "-") out.user = user;
  text.remove_prefix(quote + 2);
  View request, referer;
  if (!take_quoted(text, request) || !take(text, " ") || !take_number(text, out.status)) return LineVerdict::unknown;
  skip_spaces(text);
  if (!take_number(text, out.bytes)) take(text, "-");
  skip_spaces(text);
  if (take_quoted(text, referer)) {
    skip_spaces(text);
    if (!take_quoted(text, out.agent)) out.agent = {};
  }
  out.has_source = true;
  put_request(request, out);
  return done(out, "web: combined");
}

LineVerdict decode_web_json(View line, const LogClock& clock, LogEvent& out) {
  unsigned sources = 0;
  bool status = false;
  View target, request;
  const auto is_one_of = [](View key, std::initializer_list<View> names) {
    for (const View name : names)
      if (key == name) return true;
    return false;
  };
  const bool whole = scan_json(line, [&](const JsonValue& v) {
    const View key = v.key();
    // Caddy puts what belongs to the request into an object; nothing else is looked into, headers least of all.
    const bool in_request = v.depth == 2 && v.path[0] == "request";
    if (in_request && v.path[1] == "remote_ip") {
      sources += address_of(v.raw, out.source);
    } else if (in_request && v.path[1] == "remote_port") {
      whole_number(v.raw, out.source_port);
    } else if (in_request && v.path[1] == "method") {
      out.method = v.raw;
    } else if (in_request && v.path[1] == "uri") {
      target = v.raw;
    } else if (v.depth == 3 && v.path[0] == "request" && v.path[1] == "headers" && v.path[2] == "User-Agent") {
      out.agent = v.raw;
    }
    if (v.depth != 1) return;
    if (is_one_of(key, {"remote_addr", "remote_ip", "clientip", "client_ip", "ClientHost", "remoteIP", "ip"})) {
      sources += address_of(v.raw, out.source);
    } else if (is_one_of(key, {"status", "DownstreamStatus", "response_code"})) {
      status = whole_number(v.raw, out.status);
    } else if (is_one_of(key, {"ts", "time", "timestamp", "@timestamp", "time_local", "time_iso8601", "msec", "StartUTC"})) {
      View text = v.raw;
      if (!out.time && !take_iso_time(text, clock, out.time) && !take_web_time(text, out.time)) take_epoch(text, out.time);
    } else if (is_one_of(key, {"request_uri", "uri", "path", "url", "RequestPath"})) {
      target = v.raw;
    } else if (is_one_of(key, {"request", "request_line"})) {
      request = v.raw;
    } else if (is_one_of(key, {"request_method", "method", "verb", "RequestMethod"})) {
      out.method = v.raw;
    } else if (is_one_of(key, {"http_user_agent", "user_agent", "agent", "userAgent", "request_User-Agent"})) {
      out.agent = v.raw;
    } else if (is_one_of(key, {"body_bytes_sent", "bytes_sent", "size", "bytes", "DownstreamContentSize"})) {
      whole_number(v.raw, out.bytes);
    } else if (is_one_of(key, {"remote_user", "user_id", "user"})) {
      if (v.type == JsonType::string) out.user = v.raw;
    } else if (key == "remote_port") {
      whole_number(v.raw, out.source_port);
    }
  });
  if (!whole || sources == 0 || !status) return LineVerdict::unknown;
  if (!request.empty())
    put_request(request, out);
  else
    put_target(target, out);
  // An address that is said twice may be the client's invention (a log format without escape=json).
  out.has_source = sources == 1;
  out.odd = sources > 1;
  return done(out, "web: JSON");
}

}  // namespace sekisho
