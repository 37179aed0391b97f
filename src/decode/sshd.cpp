// sshd's messages. A user name, a client's banner and a certificate's name are the attacker's text: addresses are read only from where sshd
// itself writes them, anchored at the end that the text cannot reach. Where it can reach both ends, a line with more than one possible
// address names nobody.
#include "decode/log_decode.h"
#include "decode/log_text.h"

namespace sekisho {
namespace {

using View = std::string_view;

struct Peer {
  Address address;
  std::uint16_t port = 0;
  bool known = false;  // false: UNKNOWN, or a host name (UseDNS)
};

// "… ADDRESS port N" or, before 7.4, "… ADDRESS" at the end of `text`; both go. The word must stand alone.
bool take_peer_tail(View& text, Peer& peer) {
  View rest = text;
  std::uint16_t port = 0;
  const auto space = rest.rfind(' ');
  if (space == View::npos) {
    if (!address_of(rest, peer.address)) return false;
    peer.known = true;
    text = {};
    return true;
  }
  if (whole_number(rest.substr(space + 1), port) && rest.substr(0, space).ends_with(" port")) rest = rest.substr(0, space - 5);
  const bool with_port = rest.size() != text.size();
  const auto before = rest.rfind(' ');
  const View word = before == View::npos ? rest : rest.substr(before + 1);
  peer.known = address_of(word, peer.address);
  if (!peer.known && !with_port) return false;
  if (word.empty()) return false;
  peer.port = port;
  text = before == View::npos ? View{} : rest.substr(0, before);
  return true;
}

// "ADDRESS port N" at the beginning of `text`; both go.
bool take_peer(View& text, Peer& peer) {
  View rest = text;
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != ' ') ++end;
  View word = rest.substr(0, end);
  rest.remove_prefix(end);
  if (take(rest, " port ")) {
    if (!take_number(rest, peer.port)) return false;
  } else if (word.ends_with(':')) {  // before 7.4: "Unable to negotiate with 1.2.3.4: no matching …"
    word.remove_suffix(1);
    rest = text.substr(end - 1);
  }
  peer.known = address_of(word, peer.address);
  if (!peer.known && word != "UNKNOWN") return false;
  text = rest;
  return true;
}

void put(const Peer& peer, LogEvent& out) {
  out.has_source = peer.known;
  out.source = peer.address;
  out.source_port = peer.port;
  if (!out.connection) out.connection = peer.port;
}

// A user name that looks like a piece of a log line, or that had to be encoded (sshd writes \ooo for control characters).
bool is_odd(View user) {
  for (const View piece : {" from ", " port ", "[preauth]", "rhost=", "sshd[", " ssh2"})
    if (user.find(piece) != View::npos) return true;
  for (std::size_t i = 0; i < user.size(); ++i) {
    const auto c = static_cast<unsigned char>(user[i]);
    if (c < 0x20 || c >= 0x7f) return true;
    if (c == '\\' && i + 3 < user.size() && is_digit(user[i + 1]) && is_digit(user[i + 2]) && is_digit(user[i + 3])) return true;
  }
  return false;
}

void put_user(View user, LogEvent& out) {
  out.invalid_user |= take(user, "invalid user ") || take(user, "illegal user ");
  out.user = user;
  out.odd |= is_odd(user);
}

LineVerdict done(LogEvent& out, View rule, LogKind kind) {
  out.rule = rule;
  out.kind = kind;
  out.service = LogService::ssh;
  out.destination_port = 22;
  return LineVerdict::event;
}

// ": RSA SHA256:…" of the key that was offered: one type, one fingerprint, and nothing else, so that no quoted text can end like it.
bool is_key_info(View info) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c); };
  const auto type = take_until(info, ' ');
  if (type.empty() || info.find(':') == View::npos) return false;
  for (const char c : type)
    if (!letter(c) && c != '-') return false;
  for (const char c : info)
    if (!letter(c) && !(c >= 'a' && c <= 'z') && c != ':' && c != '+' && c != '/' && c != '=') return false;
  return true;
}

// "USER from ADDRESS port N" where `text` may have further text of the client behind " ssh2: ". The user goes to `user`.
bool take_auth_tail(View text, Peer& peer, View& user, bool& ambiguous) {
  const auto take_from = [&](View whole) {
    View left = whole;
    if (!take_peer_tail(left, peer)) return false;
    if (left == "from")
      left = {};
    else if (!take_tail(left, " from"))
      return false;
    user = left;
    return true;
  };
  View plain = text;
  if (take_tail(plain, " ssh2") || text.find(" ssh2: ") == View::npos) return take_from(plain);
  if (const auto last = text.rfind(" ssh2: "); is_key_info(text.substr(last + 7))) return take_from(text.substr(0, last));
  // A certificate's name or a client's host name follows: whoever chose it could have written an address there.
  unsigned found = 0;
  Peer one;
  View name;
  for (auto at = text.find(" ssh2: "); at != View::npos; at = text.find(" ssh2: ", at + 1))
    if (take_from(text.substr(0, at)) && ++found == 1) one = peer, name = user;
  ambiguous = found != 1 || name.find(" ssh2") != View::npos;
  peer = one, user = name;
  return found > 0;
}

// "Failed METHOD for [invalid user ]USER from ADDRESS port N ssh2[: KEY]"
LineVerdict on_auth(View text, LogEvent& out, View rule, LogKind kind) {
  const View method = take_until(text, ' ');
  Peer peer;
  View user;
  bool ambiguous = false;
  if (method.empty() || !take(text, "for ") || !take_auth_tail(text, peer, user, ambiguous)) return LineVerdict::unknown;
  put(peer, out);
  put_user(user, out);
  if (ambiguous) out.has_source = false, out.odd = true;
  // "none" only asks which methods there are: every client begins with it.
  if (kind == LogKind::login_failed && method == "none") kind = LogKind::login_hint, rule = "sshd: Failed none";
  out.key_login = kind == LogKind::login_ok && !method.starts_with("password") && !method.starts_with("keyboard-interactive");
  return done(out, rule, kind);
}

// "[invalid user U |authenticating user U |user U ]ADDRESS port N": what newer versions write before the address.
enum class Preamble { none, invalid, authenticating, user };
Preamble take_preamble(View& text) {
  if (take(text, "invalid user ")) return Preamble::invalid;
  if (take(text, "authenticating user ")) return Preamble::authenticating;
  if (take(text, "user ")) return Preamble::user;
  return Preamble::none;
}

// "PREAMBLE USER ADDRESS port N: REASON" where both the user and the reason may be the client's text.
bool take_middle_peer(View text, View reason, Peer& peer, View& user, bool& ambiguous) {
  unsigned found = 0;
  Peer one;
  for (auto at = text.find(reason); at != View::npos; at = text.find(reason, at + 1)) {
    View left = text.substr(0, at);
    Peer here;
    if (!take_peer_tail(left, here) || here.port == 0) continue;
    if (++found == 1) one = here, user = left;
  }
  ambiguous = found > 1;
  peer = one;
  return found > 0;
}

LineVerdict on_closed(View text, bool preauth, LogEvent& out, View rule_login, View rule_probe) {
  Peer peer;
  const Preamble preamble = take_preamble(text);
  View left = text;
  if (!take_peer_tail(left, peer)) return LineVerdict::unknown;
  if (preamble == Preamble::none && !left.empty()) return LineVerdict::unknown;
  put(peer, out);
  if (preamble == Preamble::none) return done(out, rule_probe, preauth ? LogKind::probe : LogKind::nothing);
  put_user(left, out);
  out.invalid_user |= preamble == Preamble::invalid;
  return done(out, rule_login, preamble == Preamble::user ? LogKind::nothing : LogKind::login_hint);
}

LineVerdict on_disconnecting(View text, LogEvent& out) {
  Peer peer;
  const Preamble preamble = take_preamble(text);
  if (preamble == Preamble::none) {
    if (!take_peer(text, peer)) return LineVerdict::unknown;
    put(peer, out);
    return done(out, "sshd: Disconnecting", LogKind::probe);
  }
  View user, left = text;
  bool ambiguous = false;
  if (take_tail(left, ": Too many authentication failures")) {
    if (!take_peer_tail(left, peer)) return LineVerdict::unknown;
    user = left;
    // sshd cuts its reason at 100 bytes, and this one ends with user names: one of them may end as another reason does.
    ambiguous = user.find(": Change of username or service not allowed: (") != View::npos;
  } else if (!take_middle_peer(text, ": ", peer, user, ambiguous)) {
    return LineVerdict::unknown;
  }
  put(peer, out);
  put_user(user, out);
  out.invalid_user |= preamble == Preamble::invalid;
  if (ambiguous) out.has_source = false, out.odd = true;
  return done(out, "sshd: Disconnecting user", preamble == Preamble::user ? LogKind::nothing : LogKind::login_hint);
}

// "Unable to negotiate with [PREAMBLE U ]ADDRESS port N: no matching …", "ssh_dispatch_run_fatal: Connection from [PREAMBLE U ]ADDRESS port
// N: …"
LineVerdict on_left_peer(View text, LogEvent& out, View rule) {
  Peer peer;
  if (take_preamble(text) == Preamble::none) {
    if (!take_peer(text, peer)) return LineVerdict::unknown;
    put(peer, out);
    return done(out, rule, LogKind::probe);
  }
  View user;
  bool ambiguous = false;
  if (!take_middle_peer(text, ": ", peer, user, ambiguous)) return LineVerdict::unknown;
  put(peer, out);
  put_user(user, out);
  if (ambiguous) out.has_source = false, out.odd = true;
  return done(out, rule, LogKind::probe);
}

// "USER from HOST not allowed because REASON": the reason is sshd's own text, the host stands right before it.
LineVerdict on_not_allowed(View text, LogEvent& out) {
  constexpr View kBecause = " not allowed because ";
  const auto at = text.rfind(kBecause);
  if (at == View::npos) return LineVerdict::unknown;
  const View reason = text.substr(at + kBecause.size());
  constexpr View kReasons[] = {"not listed in AllowUsers",
                               "listed in DenyUsers",
                               "none of user's groups are listed in AllowGroups",
                               "a group is listed in DenyGroups",
                               "not in any group",
                               "account is locked",
                               "shell "};
  bool known = false;
  for (const View r : kReasons) known |= r == "shell " ? reason.starts_with(r) : reason == r;
  if (!known) return LineVerdict::unknown;
  View left = text.substr(0, at);
  Peer peer;
  if (left.find(" from ") == View::npos) {
    put_user(left, out);
    return done(out, "sshd: User not allowed", LogKind::nothing);
  }
  const auto space = left.rfind(' ');
  peer.known = address_of(left.substr(space + 1), peer.address);
  left = left.substr(0, space);
  if (!take_tail(left, " from")) return LineVerdict::unknown;
  put(peer, out);
  put_user(left, out);
  return done(out, "sshd: User not allowed", LogKind::login_hint);
}

// "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=ADDRESS  user=U": the user stands last.
LineVerdict on_pam(View text, LogEvent& out) {
  if (take(text, "PAM ")) {
    unsigned n = 0;
    if (!take_number(text, n) || !(take(text, " more authentication failures; ") || take(text, " more authentication failure; ")))
      return LineVerdict::unknown;
  } else {
    const View module = take_until(text, ' ');
    if (module.find("(sshd:") == View::npos || !module.ends_with("):")) return LineVerdict::unknown;
    if (!take(text, "authentication failure; ")) return done(out, "sshd: pam", LogKind::nothing);
  }
  if (!take(text, "logname=")) return LineVerdict::unknown;
  // logname and ruser come from the environment of sshd and are empty; the fields keep this order.
  const auto at = text.find(" rhost=");
  if (at == View::npos) return LineVerdict::unknown;
  text.remove_prefix(at + 7);
  const View host = text.substr(0, text.find(' '));
  text.remove_prefix(host.size());
  skip_spaces(text);
  if (take(text, "user=")) put_user(text, out);
  Peer peer;
  peer.known = address_of(host, peer.address);
  put(peer, out);
  return done(out, "sshd: pam authentication failure", LogKind::login_hint);
}

// "error: PAM: Authentication failure for [illegal user ]USER from HOST"
LineVerdict on_pam_error(View text, LogEvent& out) {
  const auto at = text.find(" for ");
  if (at == View::npos) return LineVerdict::unknown;
  text.remove_prefix(at + 5);
  const auto space = text.rfind(' ');
  if (space == View::npos) return LineVerdict::unknown;
  View left = text.substr(0, space);
  Peer peer;
  peer.known = address_of(text.substr(space + 1), peer.address);
  if (!take_tail(left, " from")) return LineVerdict::unknown;
  put(peer, out);
  put_user(left, out);
  return done(out, "sshd: PAM error", LogKind::login_hint);
}

// "[1.2.3.4]:50022 on [5.6.7.8]:22 past MaxStartups"
LineVerdict on_drop(View text, LogEvent& out) {
  const auto at = text.find(" from [");
  if (at == View::npos) return LineVerdict::unknown;
  text.remove_prefix(at + 7);
  Peer peer;
  peer.known = address_of(take_until(text, ']'), peer.address);
  if (!take(text, ":") || !take_number(text, peer.port) || !peer.known) return LineVerdict::unknown;
  put(peer, out);
  return done(out, "sshd: drop connection", LogKind::probe);
}

LineVerdict on_timeout(View text, LogEvent& out) {
  Peer peer;
  if (take(text, "connection from ")) {
    // "1.2.3.4 to 5.6.7.8, pid = 1234"
    peer.known = address_of(take_until(text, ' '), peer.address);
  } else if (!take_peer(text, peer)) {
    return LineVerdict::unknown;
  }
  put(peer, out);
  return done(out, "sshd: Timeout before authentication", LogKind::probe);
}

// What ends in " from ADDRESS port N", with the client's text before it.
LineVerdict on_right_peer(View text, LogEvent& out, View rule, LogKind kind) {
  Peer peer;
  if (!take_peer_tail(text, peer) || !(text == "from" || text.ends_with(" from"))) return LineVerdict::unknown;
  put(peer, out);
  return done(out, rule, kind);
}

LineVerdict on_invalid_user(View text, LogEvent& out) {
  Peer peer;
  if (!take_peer_tail(text, peer)) return LineVerdict::unknown;
  if (text == "from")
    text = {};
  else if (!take_tail(text, " from"))
    return LineVerdict::unknown;
  put(peer, out);
  put_user(text, out);
  out.invalid_user = true;
  return done(out, "sshd: Invalid user", LogKind::login_hint);
}

// "refused connect from NAME (ADDRESS)" of the TCP wrappers.
LineVerdict on_refused(View text, LogEvent& out) {
  const auto open = text.rfind('(');
  if (open == View::npos || !take_tail(text, ")")) return LineVerdict::unknown;
  Peer peer;
  peer.known = address_of(text.substr(open + 1), peer.address);
  put(peer, out);
  return done(out, "sshd: refused connect", LogKind::probe);
}

// Messages that say nothing about an attacker, by how they begin.
constexpr View kHarmless[] = {"Server listening on ",
                              "Received signal ",
                              "Starting session: ",
                              "Close session: ",
                              "User child is on pid ",
                              "Connection from ",
                              "Received disconnect from ",
                              "reverse mapping checking ",
                              "Address ",
                              "Postponed ",
                              "Partial ",
                              "subsystem request ",
                              "Exiting on signal",
                              "input_userauth_request: ",
                              "Could not get shadow information",
                              "kex_exchange_identification: ",
                              "kex_protocol_error: ",
                              "banner exchange: ",
                              "Corrupted MAC on input",
                              "Bad packet length",
                              "padding error",
                              "beginning MaxStartups throttling",
                              "exited MaxStartups throttling",
                              "srclimit_penalise: ",
                              "Nasty PTR record",
                              "Connection timed out",
                              "Read error from remote host",
                              "Write failed",
                              "Transferred: ",
                              "Closing connection to ",
                              "session opened",
                              "session closed",
                              "Accepted key ",
                              "Found matching ",
                              "rexec line ",
                              "Set /proc/self/oom_score_adj",
                              "Authentication refused: ",
                              "userauth_pubkey: ",
                              "key type ",
                              "Did not receive ident",
                              "ssh_packet_",
                              "mm_",
                              "do_exec",
                              "Forwarding ",
                              "Authenticated to ",
                              "pam_",
                              "PAM ",
                              "Certificate ",
                              "certificate ",
                              "lastlog_",
                              "Received request ",
                              "dispatch_protocol_error",
                              "Disconnecting",
                              "fatal",
                              "Deprecated option",
                              "Unsupported option",
                              "Missing privilege",
                              "Set TCP_",
                              "no hostkey",
                              "sshd: no hostkeys",
                              "Bind to port ",
                              "Cannot bind ",
                              "socket: ",
                              "chroot",
                              "chdir",
                              "setrlimit",
                              "Unable to load host key",
                              "Could not load host key",
                              "restarting",
                              "SIGHUP",
                              "Session ",
                              "force_pwchange",
                              "login_",
                              "internal-sftp"};

}  // namespace

LineVerdict decode_sshd(View message, LogEvent& out) {
  View text = message;
  skip_spaces(text);
  trim_tail(text);
  if (take(text, "message repeated ")) {
    std::uint32_t times = 0;
    if (!take_number(text, times, 1'000'000U) || !take(text, " times: [ ") || !take_tail(text, "]")) return LineVerdict::unknown;
    out.repeats = times;
  }
  const bool preauth = take_tail(text, " [preauth]");
  trim_tail(text);
  while (take(text, "error: ") || take(text, "fatal: ") || take(text, "info: ")) continue;
  if (text.empty()) return done(out, "sshd: other", LogKind::nothing);

  LineVerdict verdict = LineVerdict::unknown;
  switch (text.front()) {
    case 'F':
      if (View t = text; take(t, "Failed ")) verdict = on_auth(t, out, "sshd: Failed", LogKind::login_failed);
      break;
    case 'A':
      if (View t = text; take(t, "Accepted ")) verdict = on_auth(t, out, "sshd: Accepted", LogKind::login_ok);
      break;
    case 'I':
    case 'i':
      if (View t = text; take(t, "Invalid user ") || take(t, "Illegal user ")) verdict = on_invalid_user(t, out);
      break;
    case 'C':
      if (View t = text; take(t, "Connection closed by "))
        verdict = on_closed(t, preauth, out, "sshd: Connection closed by user", "sshd: Connection closed");
      else if (take(t, "Connection reset by "))
        verdict = on_closed(t, preauth, out, "sshd: Connection reset by user", "sshd: Connection reset");
      break;
    case 'D':
      if (View t = text; take(t, "Disconnected from "))
        verdict = on_closed(t, preauth, out, "sshd: Disconnected from user", "sshd: Disconnected");
      else if (take(t, "Disconnecting "))
        verdict = on_disconnecting(t, out);
      else if (take(t, "Did not receive identification string "))
        verdict = on_right_peer(t, out, "sshd: no identification string", LogKind::probe);
      break;
    case 'U':
      if (View t = text; take(t, "User "))
        verdict = on_not_allowed(t, out);
      else if (take(t, "Unable to negotiate with "))
        verdict = on_left_peer(t, out, "sshd: Unable to negotiate");
      break;
    case 'm':
      if (View t = text; take(t, "maximum authentication attempts exceeded for ")) {
        Peer peer;
        View user;
        bool ambiguous = false;
        if (take_auth_tail(t, peer, user, ambiguous)) {
          put(peer, out);
          put_user(user, out);
          if (ambiguous) out.has_source = false, out.odd = true;
          verdict = done(out, "sshd: maximum authentication attempts", LogKind::login_hint);
        }
      }
      break;
    case 'M':
      if (text.starts_with("Magic value check failed"))
        verdict = on_right_peer(text, out, "sshd: Magic value check failed", LogKind::probe);
      break;
    case 'B':
    case 'b':
      if (View t = text; take(t, "Bad protocol version identification "))
        verdict = on_right_peer(t, out, "sshd: Bad protocol version", LogKind::probe);
      else if (take(t, "banner exchange: Connection from "))
        verdict = on_left_peer(t, out, "sshd: banner exchange");
      break;
    case 'P':
      if (View t = text; take(t, "PAM: "))
        verdict = on_pam_error(t, out);
      else if (t.starts_with("PAM "))
        verdict = on_pam(t, out);
      else if (take(t, "Protocol major versions differ for "))
        verdict = on_left_peer(t, out, "sshd: Protocol major versions differ");
      break;
    case 'p':
      if (View t = text; t.starts_with("pam_"))
        verdict = on_pam(t, out);
      else if (take(t, "probed from "))
        verdict = on_left_peer(t, out, "sshd: probed");
      break;
    case 's':
      if (View t = text; take(t, "ssh_dispatch_run_fatal: Connection from "))
        verdict = on_left_peer(t, out, "sshd: ssh_dispatch_run_fatal");
      else if (take(t, "scanned from "))
        verdict = on_left_peer(t, out, "sshd: probed");
      break;
    case 'T':
      if (View t = text; take(t, "Timeout before authentication for ")) verdict = on_timeout(t, out);
      break;
    case 'R':
      if (View t = text; take(t, "ROOT LOGIN REFUSED FROM ")) {
        Peer peer;
        if (take_peer(t, peer)) {
          put(peer, out);
          out.user = "root";
          verdict = done(out, "sshd: ROOT LOGIN REFUSED", LogKind::login_hint);
        }
      }
      break;
    case 'r':
      if (View t = text; take(t, "refused connect from ")) verdict = on_refused(t, out);
      break;
    case 'd':
      if (View t = text; take(t, "drop connection ")) verdict = on_drop(t, out);
      break;
    default: break;
  }
  if (verdict == LineVerdict::event) return verdict;
  const auto repeats = out.repeats;
  out = {};
  out.repeats = repeats;
  for (const View begin : kHarmless)
    if (text.starts_with(begin)) return done(out, "sshd: other", LogKind::nothing);
  return LineVerdict::unknown;
}

}  // namespace sekisho
