// Payload signs: pure recognisers of what one TCP payload says. Total functions over the captured bytes; no state.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/connection_fact.h"

namespace sekisho {

// One TCP payload. `captured` may be shorter than `wire_bytes` (snap length, or the first 64 bytes only).
struct Payload {
  std::span<const std::uint8_t> captured;
  std::uint32_t wire_bytes = 0;
};
inline bool complete(const Payload& p) { return p.captured.size() == p.wire_bytes; }
inline std::string_view text_of(const Payload& p) { return {reinterpret_cast<const char*>(p.captured.data()), p.captured.size()}; }

// Mirai-family bytes. Registration: 00 00 00 01, alone or followed by a length byte and so many bytes of id (at most 32).
bool is_mirai_registration(const Payload& p);
bool is_mirai_heartbeat(const Payload& p);  // exactly 00 00

// Keepalives of ordinary protocols by their exact bytes; none if it is none of them. SSH is recognised by its banner.
BenignBeat benign_beat(const Payload& p);

enum class TextSign : std::uint8_t { none, bare_ping, bare_pong, gafgyt_pong, gafgyt_command };
// Bare "PING"/"PONG" with nothing behind them but line ends; "PONG!" and "!* COMMAND ..." only Gafgyt says.
TextSign text_sign(const Payload& p);
bool is_irc_ping(const Payload& p);       // "PING :server", "PONG server" with a parameter, ended by a line end
bool is_redis_pong(const Payload& p);     // "+PONG": a Redis server
bool is_nats_greeting(const Payload& p);  // "INFO {" of a NATS server, "CONNECT {" of a client

// "/bin/busybox TAG" anywhere in the captured bytes. The tag is empty when an ordinary applet follows.
struct BusyboxMatch {
  bool found = false;
  std::array<char, 16> tag{};  // zero-ended, A-Z 0-9 _ only
};
BusyboxMatch find_busybox(const Payload& p);

// The server's side of a login dialogue in text (telnet; IAC sequences are skipped).
enum class PromptSign : std::uint8_t { none, login, password, failed, shell };
PromptSign telnet_prompt(const Payload& p);
bool is_telnet_negotiation(const Payload& p);  // starts with IAC WILL/WONT/DO/DONT/SB
bool ends_line(const Payload& p);              // carries a carriage return or line feed

bool is_ssh_banner(const Payload& p);    // "SSH-"
bool is_rdp_request(const Payload& p);   // TPKT with an X.224 connection request
unsigned reply_code(const Payload& p);   // "530 ...", "230-..." -> the three digits; 0 if it is no such reply
bool is_ftp_password(const Payload& p);  // "PASS ..."
// SMTP 535, POP3 "-ERR", IMAP "tag NO", MySQL error 1045, PostgreSQL 28P01/28000, SQL Server 18456 on the service's port.
bool is_login_refusal(const Payload& p, std::uint16_t server_port);
// The client hands over credentials in such a protocol: AUTH, PASS, LOGIN, AUTHENTICATE.
bool is_login_command(const Payload& p, std::uint16_t server_port);

}  // namespace sekisho
