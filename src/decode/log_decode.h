// decode of log lines: line -> LogEvent. Pure, total, without allocation; one file per format.
#pragma once
#include "decode/log_time.h"
#include "model/log_event.h"
#include "model/log_line.h"

namespace sekisho {

// Reads any line: finds out its form and hands it to the format's own reader. `out` is reset; its views point into the line.
LineVerdict decode_log_line(const LogLine& line, LogClock& clock, LogEvent& out);

// The formats. Each takes what the envelope left and fills what it understands; time and host are the caller's where the format has none.

// A message of sshd, sshd-session or sshd-auth of OpenSSH 7 to 10.
LineVerdict decode_sshd(std::string_view message, LogEvent& out);
// "PREFIX IN=eth0 OUT= … SRC=… DST=… PROTO=TCP …" of iptables, nftables and ulogd2's LOGEMU.
LineVerdict decode_firewall(std::string_view message, LogEvent& out);
// Common and combined access logs of nginx, Apache and Caddy, also with a virtual host in front.
LineVerdict decode_web_combined(std::string_view line, LogEvent& out);
// Access logs as JSON, one object a line: nginx and Apache (usual key names), Caddy, Traefik.
LineVerdict decode_web_json(std::string_view line, const LogClock& clock, LogEvent& out);
// Cowrie's JSON; and the few lines of its text log that name a source.
LineVerdict decode_cowrie_json(std::string_view line, const LogClock& clock, LogEvent& out);
LineVerdict decode_cowrie_text(std::string_view message, const LogClock& clock, LogEvent& out);
// ulogd2's JSON output and rows of its databases (input/ulogd_database.h writes them as the same JSON).
LineVerdict decode_ulogd_json(std::string_view line, const LogClock& clock, LogEvent& out);

}  // namespace sekisho
