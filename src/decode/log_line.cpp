// Finds out what a line is and hands it to its format's reader.
#include "decode/log_decode.h"
#include "decode/log_text.h"
#include "decode/syslog_envelope.h"

namespace sekisho {
namespace {

using View = std::string_view;

bool is_sshd(View program) { return program == "sshd" || program == "sshd-session" || program == "sshd-auth"; }

// "[50028442.088484] " of kernel messages.
void skip_uptime(View& text) {
  View rest = text;
  std::uint64_t n = 0;
  if (!take(rest, "[")) return;
  skip_spaces(rest);
  if (!take_number(rest, n) || !take(rest, ".") || !take_number(rest, n) || !take(rest, "]")) return;
  skip_spaces(rest);
  text = rest;
}

LineVerdict on_message(View program, std::uint32_t pid, View message, const LogClock& clock, LogEvent& out) {
  LineVerdict verdict = LineVerdict::other;
  if (is_sshd(program)) {
    out.connection = pid;
    verdict = decode_sshd(message, out);
    if (pid) out.connection = pid;
  } else if (program == "kernel") {
    skip_uptime(message);
    verdict = decode_firewall(message, out);
    if (verdict == LineVerdict::unknown) out = {}, verdict = LineVerdict::other;
  } else if (program == "cowrie") {
    if (message.starts_with('{'))
      verdict = decode_cowrie_json(message, clock, out);
    else
      verdict = decode_cowrie_text(message, clock, out);
  } else if (program == "nginx" || program == "apache2" || program == "httpd" || program == "caddy") {
    verdict = message.starts_with('{') ? decode_web_json(message, clock, out) : decode_web_combined(message, out);
    if (verdict == LineVerdict::unknown) out = {}, verdict = LineVerdict::other;
  }
  return verdict;
}

// Proxmox: "0 3 PVEFW-HOST-IN 20/Jun/2022:13:09:14 +0200 policy DROP: IN=…"
bool take_proxmox(View& text, TimeNs& time) {
  View rest = text;
  unsigned n = 0;
  if (!take_number(rest, n) || !take(rest, " ") || !take_number(rest, n) || !take(rest, " ")) return false;
  take_until(rest, ' ');
  if (!take_web_time(rest, time)) return false;
  skip_spaces(rest);
  text = rest;
  return true;
}

LineVerdict on_json(View text, const LogClock& clock, LogEvent& out) {
  // Told apart by keys that each of them always writes.
  if (text.find("\"cowrie.") != View::npos && text.find("\"eventid\"") != View::npos) return decode_cowrie_json(text, clock, out);
  if (text.find("\"oob.") != View::npos || text.find("\"oob_") != View::npos) return decode_ulogd_json(text, clock, out);
  const LineVerdict verdict = decode_web_json(text, clock, out);
  if (verdict == LineVerdict::unknown) out = {};
  return verdict;
}

LineVerdict on_ulogd(View text, LogClock& clock, LogEvent& out) {
  if (text.starts_with('{')) return decode_ulogd_json(text, clock, out);
  TimeNs time = 0;
  if (!take_syslog_time(text, clock, time)) return LineVerdict::unknown;
  skip_spaces(text);
  out.host = take_until(text, ' ');
  const LineVerdict verdict = decode_firewall(text, out);
  out.time = time;
  return verdict;
}

LineVerdict on_text(View text, LogClock& clock, LogEvent& out) {
  if (text.starts_with('{')) return on_json(text, clock, out);
  if (Envelope e; read_envelope(text, clock, e)) {
    // Cowrie's text log writes "[system,session,address]" where syslog has the machine.
    if (e.host.starts_with('[') && decode_cowrie_text(text, clock, out) == LineVerdict::event) return LineVerdict::event;
    out = {};
    LineVerdict verdict = on_message(e.program, e.pid, e.message, clock, out);
    // LOGEMU writes the rule's prefix where a program's name stands. A prefix has no process number, and the fields follow at once.
    if (verdict == LineVerdict::other && e.pid == 0 && (e.message.starts_with("IN=") || e.message.starts_with("OUT="))) {
      verdict = decode_firewall(e.message, out);
      if (verdict == LineVerdict::event)
        out.prefix = e.program;
      else
        out = {}, verdict = LineVerdict::other;
    }
    if (!out.time) out.time = e.time;
    out.host = e.host;
    return verdict;
  }
  TimeNs time = 0;
  if (View rest = text; take_proxmox(rest, time)) {
    const LineVerdict verdict = decode_firewall(rest, out);
    out.time = time;
    return verdict;
  }
  LineVerdict verdict = decode_web_combined(text, out);
  if (verdict == LineVerdict::event) return verdict;
  out = {};
  if (text.starts_with('[')) {  // dmesg
    View rest = text;
    skip_uptime(rest);
    if (rest.size() != text.size()) {
      verdict = decode_firewall(rest, out);
      if (verdict == LineVerdict::unknown) out = {}, verdict = LineVerdict::other;
      return verdict;
    }
  }
  return LineVerdict::unknown;
}

}  // namespace

LineVerdict decode_log_line(const LogLine& line, LogClock& clock, LogEvent& out) {
  out = {};
  View text = line.text;
  trim_tail(text);
  // A file that was truncated under a writer that does not append begins with zeros.
  while (!text.empty() && text.front() == '\0') text.remove_prefix(1);
  if (text.empty()) return LineVerdict::other;
  LineVerdict verdict = LineVerdict::unknown;
  switch (line.form) {
    case LineForm::text: verdict = on_text(text, clock, out); break;
    case LineForm::message: verdict = on_message(line.program, line.pid, text, clock, out); break;
    case LineForm::kernel:
      verdict = decode_firewall(text, out);
      if (verdict == LineVerdict::unknown) out = {}, verdict = LineVerdict::other;
      break;
    case LineForm::ulogd: verdict = on_ulogd(text, clock, out); break;
  }
  if (line.time) out.time = line.time;
  if (!line.host.empty()) out.host = line.host;
  if (verdict == LineVerdict::unknown) {
    // Nothing half-read remains.
    LogEvent bare;
    bare.time = out.time, bare.host = out.host, bare.odd = out.odd;
    out = bare;
  }
  return verdict;
}

}  // namespace sekisho
