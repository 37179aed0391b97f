// Recognisers of Mirai and Gafgyt control bytes, ordinary keepalives and login dialogues in one TCP payload.
#include "features/payload_signs.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace sekisho {
namespace {

using Bytes = std::span<const std::uint8_t>;

template <std::size_t N>
bool starts_with(const Payload& p, const std::array<std::uint8_t, N>& head) {
  return p.captured.size() >= N && std::memcmp(p.captured.data(), head.data(), N) == 0;
}
template <std::size_t N>
bool is_exactly(const Payload& p, const std::array<std::uint8_t, N>& bytes) {
  return p.wire_bytes == N && starts_with(p, bytes);
}
bool is_line_end(char c) { return c == '\r' || c == '\n' || c == '\0'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains_word(std::string_view text, std::string_view lower_case_word) {
  const auto found =
      std::search(text.begin(), text.end(), lower_case_word.begin(), lower_case_word.end(), [](char a, char b) { return lower(a) == b; });
  return found != text.end();
}
bool starts_with_word(std::string_view text, std::string_view lower_case_word) {
  return text.size() >= lower_case_word.size() &&
         std::equal(lower_case_word.begin(), lower_case_word.end(), text.begin(), [](char w, char t) { return lower(t) == w; });
}

// A whole WebSocket frame with at most 10 bytes of data: ping or pong, masked or not; or a client's (always masked) text or binary
// message, because engine.io pings with those.
bool is_websocket_ping(const Payload& p) {
  if (p.captured.size() < 2) return false;
  const bool is_masked = (p.captured[1] & 0x80) != 0;
  const bool is_control = p.captured[0] == 0x89 || p.captured[0] == 0x8a;
  const bool is_message = is_masked && (p.captured[0] == 0x81 || p.captured[0] == 0x82);
  const unsigned data = p.captured[1] & 0x7f;
  return (is_control || is_message) && data <= 10 && p.wire_bytes == 2 + (is_masked ? 4U : 0U) + data;
}

// NOOP of FTP, POP3, SMTP and (with a tag) IMAP; telnet's IAC NOP.
bool is_noop(const Payload& p) {
  if (!complete(p)) return false;
  if (p.captured.size() == 2 && p.captured[0] == 0xff && p.captured[1] == 0xf1) return true;
  std::string_view text = text_of(p);
  if (!text.ends_with('\n')) return false;
  while (!text.empty() && is_line_end(text.back())) text.remove_suffix(1);
  return text == "NOOP" || text == "noop" || (text.size() <= 16 && text.ends_with(" NOOP"));
}

// XMPP's single space, SIP's and other line protocols' empty lines.
bool is_whitespace(const Payload& p) {
  return complete(p) && p.captured.size() <= 4 && p.captured[0] != 0x0a &&
         std::all_of(p.captured.begin(), p.captured.end(), [](std::uint8_t b) { return b == ' ' || b == '\r' || b == '\n'; });
}

bool is_bgp_keepalive(const Payload& p) {
  if (p.wire_bytes != 19 || p.captured.size() < 19) return false;
  return std::all_of(p.captured.begin(), p.captured.begin() + 16, [](std::uint8_t b) { return b == 0xff; }) && p.captured[16] == 0 &&
         p.captured[17] == 19 && p.captured[18] == 4;
}

// Telnet text without IAC sequences, at most `out`'s size.
std::string_view without_telnet_commands(const Payload& p, std::array<char, 192>& out) {
  std::size_t n = 0;
  const Bytes bytes = p.captured;
  for (std::size_t i = 0; i < bytes.size() && n < out.size(); ++i) {
    if (bytes[i] != 0xff) {
      out[n++] = static_cast<char>(bytes[i]);
      continue;
    }
    if (++i >= bytes.size()) break;
    if (bytes[i] == 0xfa) {  // subnegotiation: up to IAC SE
      while (i + 1 < bytes.size() && !(bytes[i] == 0xff && bytes[i + 1] == 0xf0)) ++i;
      ++i;
    } else if (bytes[i] >= 0xfb && bytes[i] <= 0xfe) {
      ++i;  // the option
    } else if (bytes[i] == 0xff) {
      out[n++] = '\xff';
    }
  }
  return {out.data(), n};
}

// VNC's SecurityResult 1 (failed), alone or with its reason: a length and a text, of which the end may come in another packet.
bool is_vnc_refusal(const Payload& p) {
  if (!starts_with(p, std::array<std::uint8_t, 4>{0, 0, 0, 1})) return false;
  if (p.wire_bytes == 4) return true;
  if (p.captured.size() < 9 || p.captured[8] < ' ' || p.captured[8] > '~') return false;
  const std::uint32_t reason_bytes = load_be32(p.captured.data() + 4);
  return reason_bytes > 0 && reason_bytes <= 1024 && p.wire_bytes <= 8 + reason_bytes;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (is_line_end(text.back()) || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && (is_line_end(text.front()) || text.front() == ' ')) text.remove_prefix(1);
  return text;
}

}  // namespace

bool is_mirai_registration(const Payload& p) {
  if (!starts_with(p, std::array<std::uint8_t, 4>{0, 0, 0, 1})) return false;
  if (p.wire_bytes == 4) return true;
  return p.captured.size() >= 5 && p.captured[4] <= 32 && p.wire_bytes == 5U + p.captured[4];
}

bool is_mirai_heartbeat(const Payload& p) { return is_exactly(p, std::array<std::uint8_t, 2>{0, 0}); }

BenignBeat benign_beat(const Payload& p) {
  using B1 = std::array<std::uint8_t, 1>;
  using B2 = std::array<std::uint8_t, 2>;
  if (p.captured.empty()) return BenignBeat::none;
  if (is_exactly(p, B2{0xc0, 0}) || is_exactly(p, B2{0xd0, 0})) return BenignBeat::mqtt;
  if (is_exactly(p, std::array<std::uint8_t, 8>{8, 0, 0, 0, 0, 0, 0, 0xce})) return BenignBeat::amqp;
  if (is_exactly(p, B1{0x0a})) return BenignBeat::stomp;
  if (is_exactly(p, std::array<std::uint8_t, 5>{1, 0, 0, 0, 0x0e})) return BenignBeat::mysql;
  if (is_exactly(p, std::array<std::uint8_t, 6>{'Q', 0, 0, 0, 5, 0}) || is_exactly(p, std::array<std::uint8_t, 5>{'S', 0, 0, 0, 4}))
    return BenignBeat::postgres;  // a connection pool's empty query, Sync
  if (is_bgp_keepalive(p)) return BenignBeat::bgp;
  if (is_websocket_ping(p)) return BenignBeat::websocket;
  if (is_irc_ping(p)) return BenignBeat::irc;
  if (is_ssh_banner(p)) return BenignBeat::ssh;
  if (is_noop(p)) return BenignBeat::noop;
  if (is_whitespace(p)) return BenignBeat::whitespace;
  return BenignBeat::none;
}

TextSign text_sign(const Payload& p) {
  std::string_view text = text_of(p);
  if (text.size() >= 4 && text[0] == '!' && text[1] == '*' && text[2] == ' ' && text[3] >= 'A' && text[3] <= 'Z')
    return TextSign::gafgyt_command;
  if (!complete(p) || text.size() < 4 || text.size() > 8) return TextSign::none;
  while (!text.empty() && is_line_end(text.back())) text.remove_suffix(1);
  if (text == "PING") return TextSign::bare_ping;
  if (text == "PONG") return TextSign::bare_pong;
  return text == "PONG!" ? TextSign::gafgyt_pong : TextSign::none;
}

bool is_irc_ping(const Payload& p) {
  std::string_view text = text_of(p);
  if (!text.empty() && text[0] == ':') {  // ":prefix PONG server :token"
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return false;
    text.remove_prefix(space + 1);
  }
  if (!text.starts_with("PING ") && !text.starts_with("PONG ")) return false;
  text.remove_prefix(5);
  if (text.empty() || text[0] <= ' ') return false;  // a parameter is obligatory
  return !complete(p) || text.back() == '\n' || text.back() == '\r';
}

bool is_redis_pong(const Payload& p) { return is_exactly(p, std::array<std::uint8_t, 7>{'+', 'P', 'O', 'N', 'G', '\r', '\n'}); }

bool is_nats_greeting(const Payload& p) { return text_of(p).starts_with("INFO {") || text_of(p).starts_with("CONNECT {"); }

BusyboxMatch find_busybox(const Payload& p) {
  BusyboxMatch match;
  const std::string_view text = text_of(p);
  constexpr std::string_view kPath = "/bin/busybox";
  const auto at = text.find(kPath);
  if (at == std::string_view::npos) return match;
  match.found = true;
  std::string_view rest = text.substr(at + kPath.size());
  if (rest.empty() || rest[0] != ' ') return match;
  rest.remove_prefix(1);
  std::size_t n = 0;
  while (n < rest.size() && ((rest[n] >= 'A' && rest[n] <= 'Z') || (rest[n] >= '0' && rest[n] <= '9') || rest[n] == '_')) ++n;
  const bool ends_word = n == rest.size() || rest[n] == ' ' || rest[n] == ';' || is_line_end(rest[n]);
  if (n >= 3 && n < match.tag.size() && ends_word) std::copy_n(rest.begin(), n, match.tag.begin());
  return match;
}

bool is_telnet_negotiation(const Payload& p) {
  return p.captured.size() >= 3 && p.captured[0] == 0xff && p.captured[1] >= 0xfa && p.captured[1] <= 0xfe;
}

PromptSign telnet_prompt(const Payload& p) {
  std::array<char, 192> buffer;
  const std::string_view text = without_telnet_commands(p, buffer);
  for (const std::string_view word : {"incorrect", "login failed", "authentication fail", "access denied", "permission denied",
                                      "bad password", "invalid password", "login invalid", "invalid login", "wrong password"})
    if (contains_word(text, word)) return PromptSign::failed;
  const std::string_view tail = trimmed(text);
  if (tail.empty()) return PromptSign::none;
  if (tail.back() == ':') {
    if (contains_word(tail, "password") || contains_word(tail, "passcode")) return PromptSign::password;
    if (contains_word(tail, "login") || contains_word(tail, "user") || contains_word(tail, "account")) return PromptSign::login;
    return PromptSign::none;
  }
  if (contains_word(text, "last login") || contains_word(text, "busybox v")) return PromptSign::shell;
  // A shell's prompt is the end of what is sent: "$ ", "# ", "> ".
  if (complete(p) && text.size() <= 64 && (tail.back() == '#' || tail.back() == '$' || tail.back() == '>')) return PromptSign::shell;
  return PromptSign::none;
}

bool ends_line(const Payload& p) {
  return std::any_of(p.captured.begin(), p.captured.end(), [](std::uint8_t b) { return b == '\r' || b == '\n'; });
}

bool is_ssh_banner(const Payload& p) { return text_of(p).starts_with("SSH-"); }

bool is_rdp_request(const Payload& p) {
  return p.captured.size() >= 6 && p.captured[0] == 3 && p.captured[1] == 0 && p.captured[5] == 0xe0;
}

unsigned reply_code(const Payload& p) {
  const std::string_view text = text_of(p);
  if (text.size() < 4 || (text[3] != ' ' && text[3] != '-')) return 0;
  unsigned code = 0;
  for (int i = 0; i < 3; ++i) {
    if (text[i] < '0' || text[i] > '9') return 0;
    code = code * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return code;
}

bool is_ftp_password(const Payload& p) { return starts_with_word(text_of(p), "pass "); }

bool is_login_refusal(const Payload& p, std::uint16_t server_port) {
  const std::string_view text = text_of(p);
  switch (server_port) {
    case 25:
    case 465:
    case 587: return reply_code(p) == 535;
    case 110:
    case 995: return text.starts_with("-ERR");
    case 143:
    case 993: {
      const auto space = text.find(' ');
      return space != std::string_view::npos && space > 0 && space <= 16 && text[0] != '*' && text.substr(space).starts_with(" NO");
    }
    case 3306: return p.captured.size() >= 7 && p.captured[4] == 0xff && load_le16(p.captured.data() + 5) == 1045;
    case 5432:
      return p.captured.size() >= 5 && p.captured[0] == 'E' &&
             (text.find("C28P01") != std::string_view::npos || text.find("C28000") != std::string_view::npos);
    case 1433: {  // TDS token ERROR (AA), length, number 18456
      constexpr std::array<char, 4> number{0x18, 0x48, 0, 0};
      return p.captured.size() >= 15 && p.captured[0] == 4 && p.captured[8] == 0xaa &&
             std::memcmp(p.captured.data() + 11, number.data(), 4) == 0;
    }
    case 5900:
    case 5901: return is_vnc_refusal(p);
    default: return false;
  }
}

bool is_login_command(const Payload& p, std::uint16_t server_port) {
  const std::string_view text = text_of(p);
  switch (server_port) {
    case 25:
    case 465:
    case 587: return starts_with_word(text, "auth ");
    case 110:
    case 995: return starts_with_word(text, "pass ") || starts_with_word(text, "auth ") || starts_with_word(text, "apop ");
    case 143:
    case 993: {
      const auto space = text.find(' ');
      if (space == std::string_view::npos || space > 16) return false;
      return starts_with_word(text.substr(space), " login ") || starts_with_word(text.substr(space), " authenticate ");
    }
    case 5900:
    case 5901: return p.wire_bytes == 16;
    default: return false;
  }
}

}  // namespace sekisho
