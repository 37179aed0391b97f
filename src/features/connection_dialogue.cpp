// What a watched connection's payloads say, one after the other: beats, C2 bytes, login dialogues of telnet, FTP, SSH and others.
#include <algorithm>

#include "features/connection_watch.h"

namespace sekisho {
namespace {

constexpr std::uint32_t kC2Signs = kSignRegistration | kSignHeartbeat;
constexpr std::uint8_t kMaxCount = 250;

bool set_sign(ConnectionFact& fact, std::uint32_t sign) {
  if (fact.signs & sign) return false;
  fact.signs |= sign;
  return true;
}
void count_up(std::uint8_t& counter) { counter = static_cast<std::uint8_t>(std::min<int>(counter + 1, kMaxCount)); }

bool observe_mirai(Watched& w, const WatchEvent& e) {
  ConnectionFact& f = w.fact;
  const bool from_client = w.is_client(e.from_local);
  bool news = false;
  // The opener must be certain: in the middle of a stream any four bytes may be "first".
  if (from_client && e.first_of_side && e.other_side_silent && w.orientation_sure && is_mirai_registration(e.payload)) {
    w.registered = e.time;
    news |= set_sign(f, kSignRegistration);
  }
  if (is_mirai_heartbeat(e.payload)) {
    if (from_client) {
      w.heartbeat_pending = true;
    } else if (w.heartbeat_pending) {
      w.heartbeat_pending = false;
      count_up(w.heartbeats);
      if (w.heartbeats >= 2) news |= set_sign(f, kSignHeartbeat);
    }
    return news;
  }
  // A command: more than a beat from the server, on a connection that so far only beat.
  const bool beats_only = (f.signs & kC2Signs) != 0 || (w.small_beats >= 3 && w.small_beats == std::min<std::uint32_t>(f.beats, kMaxCount));
  if (!from_client && e.payload.wire_bytes > 8 && beats_only && f.benign == BenignBeat::none && w.service == LoginService::none &&
      (f.outbound || (f.signs & kC2Signs) != 0)) {
    ++f.commands;
    f.last_command = e.time;
    set_sign(f, kSignCommandAfterBeat);
    news = true;
  }
  return news;
}

bool observe_text(Watched& w, const WatchEvent& e) {
  ConnectionFact& f = w.fact;
  if (is_nats_greeting(e.payload)) f.benign = BenignBeat::nats;
  if (is_irc_ping(e.payload)) f.benign = BenignBeat::irc;
  if (is_redis_pong(e.payload) && !w.is_client(e.from_local)) f.benign = BenignBeat::redis;
  const TextSign sign = text_sign(e.payload);
  if (sign == TextSign::none || f.benign == BenignBeat::nats) return false;
  if (w.server_port() == 4222) f.benign = BenignBeat::nats;  // the same PING and PONG; its greeting came before the capture
  if (f.benign == BenignBeat::nats) return false;
  const bool from_client = w.is_client(e.from_local);
  if (sign == TextSign::bare_ping && !from_client) w.bare_ping = true;
  if ((sign == TextSign::bare_pong || sign == TextSign::gafgyt_pong) && from_client) w.bare_pong = true;
  if (sign == TextSign::gafgyt_command && !from_client) {
    ++f.commands;
    f.last_command = e.time;
    set_sign(f, kSignGafgytText);
    return true;
  }
  return w.bare_ping && w.bare_pong && set_sign(f, kSignGafgytText);
}

bool observe_telnet(Watched& w, const WatchEvent& e) {
  ConnectionFact& f = w.fact;
  bool news = false;
  if (w.is_client(e.from_local)) {
    if (w.prompt == PromptSign::password && ends_line(e.payload)) {
      w.prompt = PromptSign::none;
      w.credentials_sent = true;
      ++f.login_attempts;
      news = true;
    }
    return news;
  }
  switch (const PromptSign prompt = telnet_prompt(e.payload)) {
    case PromptSign::login:
    case PromptSign::password:
      news |= set_sign(f, kSignTelnetLogin);
      if (w.credentials_sent && prompt == PromptSign::login) {  // asked again: refused
        w.credentials_sent = false;
        news |= set_sign(f, kSignTelnetFailed);
      }
      w.prompt = prompt;
      break;
    case PromptSign::failed:
      w.credentials_sent = false;
      if (f.login_attempts > 0) news |= set_sign(f, kSignTelnetFailed);
      break;
    case PromptSign::shell:
      if (w.credentials_sent) news |= set_sign(f, kSignLoginOk);
      w.credentials_sent = false;
      break;
    case PromptSign::none: break;
  }
  return news;
}

bool observe_ftp(Watched& w, const WatchEvent& e) {
  if (w.is_client(e.from_local)) {
    w.credentials_sent = is_ftp_password(e.payload);
    w.fact.login_attempts += w.credentials_sent;
    return false;  // the answer tells
  }
  if (!w.credentials_sent) return false;
  const unsigned code = reply_code(e.payload);
  if (code == 0) return false;
  w.credentials_sent = false;
  if (code == 530) {
    set_sign(w.fact, kSignFtpFailed);
    return true;
  }
  return code == 230 && set_sign(w.fact, kSignLoginOk);
}

// After the client's NEWKEYS (16 bytes) all is encrypted, but the sizes speak: the server's first answer accepts the service
// (17 bytes inside), a refusal is as long, and SUCCESS has one byte inside: an answer shorter than the first means logged in.
bool observe_ssh(Watched& w, const WatchEvent& e) {
  ConnectionFact& f = w.fact;
  bool news = set_sign(f, kSignSsh);
  if (w.is_client(e.from_local)) {
    if (e.payload.wire_bytes == 16) w.new_keys = true;
  } else if (w.new_keys) {
    const auto bytes = static_cast<std::uint16_t>(std::min<std::uint32_t>(e.payload.wire_bytes, 0xffff));
    if (w.accept_bytes == 0)
      w.accept_bytes = bytes;
    else if (bytes + 8 <= w.accept_bytes)
      news |= set_sign(f, kSignLoginOk);
  }
  return news;
}

bool observe_other_login(Watched& w, const WatchEvent& e) {
  ConnectionFact& f = w.fact;
  const std::uint16_t port = w.server_port();
  if (w.is_client(e.from_local)) {
    w.credentials_sent = is_login_command(e.payload, port) || (w.credentials_sent && !ends_line(e.payload));
    return false;
  }
  if (!is_login_refusal(e.payload, port)) return false;
  // Where the refusal's text could also refuse something else, a login command must have come before it.
  const bool needs_command =
      port == 110 || port == 995 || port == 143 || port == 993 || ((port == 5900 || port == 5901) && e.payload.wire_bytes == 4);
  if (needs_command && !w.credentials_sent) return false;
  w.credentials_sent = false;
  ++f.login_attempts;
  set_sign(f, kSignLoginFailed);
  return true;
}

bool observe_login(Watched& w, const WatchEvent& e) {
  bool news = false;
  if (w.is_client(e.from_local)) {
    if (const BusyboxMatch busybox = find_busybox(e.payload); busybox.found) {
      news |= set_sign(w.fact, kSignBusybox);
      if (busybox.tag[0] != 0 && w.fact.tag[0] == 0) {
        w.fact.tag = busybox.tag;
        news = true;
      }
    }
    if (e.first_of_side && is_rdp_request(e.payload)) {
      w.service = LoginService::rdp;
      news |= set_sign(w.fact, kSignRdp);
    }
  }
  if (e.first_of_side && is_ssh_banner(e.payload)) {
    w.service = LoginService::ssh;
    w.fact.benign = BenignBeat::ssh;
  } else if (w.service == LoginService::none && is_telnet_negotiation(e.payload)) {
    w.service = LoginService::telnet;
  } else if (w.service == LoginService::none && login_service(w.server_port()) == LoginService::telnet && !w.is_client(e.from_local) &&
             telnet_prompt(e.payload) == PromptSign::login) {
    w.service = LoginService::telnet;
  }
  switch (w.service) {
    case LoginService::telnet: return observe_telnet(w, e) || news;
    case LoginService::ftp: return observe_ftp(w, e) || news;
    case LoginService::ssh: return observe_ssh(w, e) || news;
    case LoginService::other: return observe_other_login(w, e) || news;
    case LoginService::rdp:
    case LoginService::none: return news;
  }
  return news;
}

// Every payload of the local client enters the ring, whatever its size: sizes are part of the score.
bool observe_beat(Watched& w, const WatchEvent& e) {
  ConnectionFact& f = w.fact;
  if (!e.from_local || !f.outbound || w.service == LoginService::telnet) return false;
  // The registration and the id that follows it in packets of their own are a greeting.
  if (w.registered != 0 && e.time - w.registered < 2 * kSecond) return false;
  const Beat beat{e.time, static_cast<std::uint16_t>(std::min<std::uint32_t>(e.payload.wire_bytes, 0xffff))};
  if (f.beats < f.last_beats.size()) {
    f.last_beats[f.beats] = beat;
  } else {
    std::copy(f.last_beats.begin() + 1, f.last_beats.end(), f.last_beats.begin());
    f.last_beats.back() = beat;
  }
  ++f.beats;
  if (beat.payload_bytes <= 8) count_up(w.small_beats);
  f.beat_bytes = {};
  std::copy_n(e.payload.captured.begin(), std::min(e.payload.captured.size(), f.beat_bytes.size()), f.beat_bytes.begin());
  if (const BenignBeat kind = benign_beat(e.payload); kind != BenignBeat::none) {
    ++w.benign_beats;
    w.benign_kind = kind;
  }
  const bool by_greeting =
      f.benign == BenignBeat::ssh || f.benign == BenignBeat::irc || f.benign == BenignBeat::nats || f.benign == BenignBeat::redis;
  if (!by_greeting) f.benign = w.benign_beats * 2 >= f.beats ? w.benign_kind : BenignBeat::none;
  const std::size_t n = std::min<std::size_t>(f.beats, f.last_beats.size());
  const auto small = std::count_if(f.last_beats.begin(), f.last_beats.begin() + n, [](const Beat& b) { return b.payload_bytes <= 16; });
  return n >= 4 && static_cast<std::size_t>(small) * 2 >= n;
}

}  // namespace

LoginService login_service(std::uint16_t server_port) {
  switch (server_port) {
    case 22:
    case 2222: return LoginService::ssh;
    case 23:
    case 2323: return LoginService::telnet;
    case 21:
    case 2121: return LoginService::ftp;
    case 3389: return LoginService::rdp;
    case 25:
    case 587:
    case 110:
    case 143:
    case 3306:
    case 5432:
    case 1433:
    case 5900:
    case 5901: return LoginService::other;
    default: return LoginService::none;
  }
}

bool has_something_to_say(const Watched& w) {
  return w.service != LoginService::none || (w.fact.signs & ~kSignOpened) != 0 || w.fact.beats >= 4;
}

bool observe_payload(Watched& w, const WatchEvent& e) {
  if (!e.fresh) {
    // Up to one byte again just below the stream's end: a TCP keepalive probe, no beat.
    if (e.payload.wire_bytes <= 1 && w.fact.beats == 0 && w.fact.benign == BenignBeat::none) w.fact.benign = BenignBeat::tcp_keepalive;
    return false;
  }
  if (w.fact.benign == BenignBeat::tcp_keepalive) w.fact.benign = BenignBeat::none;
  bool news = observe_mirai(w, e);
  news |= observe_text(w, e);
  news |= observe_login(w, e);
  news |= observe_beat(w, e);
  return news;
}

bool observe_close(Watched& w) {
  if (w.fact.closed) return false;
  w.fact.closed = true;
  return has_something_to_say(w);
}

}  // namespace sekisho
