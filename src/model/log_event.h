// LogEvent: what decode understood of one log line; plain data. Its texts are views into the line: hostile, to be escaped when shown.
#pragma once
#include <cstdint>
#include <string_view>

#include "model/packet.h"

namespace sekisho {

enum class LogService : std::uint8_t { none, ssh, telnet, http, firewall, count };
std::string_view to_string(LogService service);  // "other", "ssh", "telnet", "web", "firewall"

enum class LogKind : std::uint8_t {
  nothing,       // understood, and nothing that is counted (a session opened, a server started)
  login_failed,  // a password, key or user name was refused
  login_hint,    // says that a login failed, but beside other lines of the same connection: counted once a connection at most
  login_ok,      // a login succeeded
  probe,         // a connection that never tried a login: banner grabs, broken handshakes, refusals, timeouts
  packet,        // a firewall's LOG line
  request,       // a web server's request
  command,       // something typed into a honeypot
};

// What a service says about a source. `rule` names the form that took the line, for `sekisho logs --test`.
struct LogEvent {
  TimeNs time = 0;        // 0 = the line has none that can be read
  std::string_view rule;  // "sshd: Failed password"; static storage
  LogKind kind = LogKind::nothing;
  LogService service = LogService::none;
  bool has_source = false;  // false: the line names no address, or hostile text makes it ambiguous
  bool odd = false;         // looks like an attempt to forge a line: shown by --show-odd
  bool honeypot = false;    // a decoy's login: whatever succeeds there is no break-in
  bool invalid_user = false;
  bool key_login = false;                    // login_ok: by key, certificate or ticket, not by a password
  Direction direction = Direction::ingress;  // packet: egress when the line has OUT= and no IN=
  std::uint32_t connection = 0;              // process number, else source port: lines with the same one belong together (0 = not known)
  std::uint32_t repeats = 1;                 // "message repeated N times"
  Address source, destination;               // has_source; destination: unset (all zero) when the line names none
  std::uint16_t source_port = 0, destination_port = 0;
  // packet
  std::uint8_t protocol = 0, tcp_flags = 0, ttl = 0;
  bool has_seq = false, has_tcp_options = false, has_options_field = false;
  std::uint16_t window = 0, ip_bytes = 0, ip_id = 0;
  std::uint32_t seq = 0;
  // request
  std::uint16_t status = 0;
  std::uint32_t bytes = 0;
  // Texts of the line.
  std::string_view user, password;       // logins
  std::string_view method, path, agent;  // request; path without the query
  std::string_view prefix;               // packet: what the firewall rule writes before its fields
  std::string_view host;                 // the machine that wrote the line
  std::string_view command;              // command
};

enum class LineVerdict : std::uint8_t {
  event,    // understood: `rule` is set
  other,    // a well-formed line of another program, or of no interest
  unknown,  // no known form
};

}  // namespace sekisho
