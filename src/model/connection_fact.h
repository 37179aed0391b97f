// ConnectionFact: one TCP connection with something to say: a beacon, an exact C2 byte pattern, a login dialogue.
#pragma once
#include <array>
#include <cstdint>

#include "model/packet.h"

namespace sekisho {

struct Beat {
  TimeNs time = 0;
  std::uint16_t payload_bytes = 0;
};

enum ConnectionSign : std::uint32_t {
  kSignRegistration = 1,      // first client payload starts 00 00 00 01 while the server was silent
  kSignHeartbeat = 2,         // 00 00 answered by 00 00 at least twice
  kSignGafgytText = 4,        // PING / PONG or "!* ..." text control
  kSignCommandAfterBeat = 8,  // more than 8 bytes from the server on a heartbeat connection
  kSignReportPort = 16,       // outbound to TCP 48101
  kSignTelnetLogin = 32,      // a telnet login dialogue
  kSignTelnetFailed = 64,     // "incorrect", "failed", "denied" from the server
  kSignBusybox = 128,         // "/bin/busybox TAG"
  kSignFtpFailed = 256,       // 530 replies
  kSignSsh = 512,             // SSH banner
  kSignUnanswered = 1024,     // SYN without answer: repeated, a C2 that is down
  kSignLoginOk = 2048,        // FTP 230, telnet shell prompt after a dialogue, SSH's shorter answer to the right credentials
  kSignLoginFailed = 4096,    // a refusal of another login protocol (SMTP 535, POP3 -ERR, IMAP NO, MySQL 1045, PostgreSQL 28P01, ...)
  kSignRdp = 8192,            // RDP connection request
  kSignOpened = 16384,        // the first SYN was seen: who opened it is certain
};

enum class BenignBeat : std::uint8_t {
  none,
  mqtt,
  amqp,
  stomp,
  mysql,
  websocket,
  bgp,
  irc,
  ssh,
  tcp_keepalive,
  nats,
  redis,
  noop,
  whitespace,
  postgres
};

struct ConnectionFact {
  Address local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  bool outbound = false;  // the local side opened it (or is thought to have)
  bool established = false;
  bool closed = false;
  TimeNs opened = 0, last_seen = 0;
  std::uint64_t packets_out = 0, packets_in = 0, payload_out = 0, payload_in = 0;
  std::uint32_t signs = 0;     // ConnectionSign bits
  std::array<char, 16> tag{};  // busybox tag (MIRAI, SORA, ...), zero-ended, printable ASCII only
  std::uint32_t login_attempts = 0;
  BenignBeat benign = BenignBeat::none;
  std::uint32_t beats = 0;                    // small payloads of the local side seen so far
  std::array<Beat, 12> last_beats{};          // the most recent, oldest first; min(beats, 12) are valid
  std::array<std::uint8_t, 16> beat_bytes{};  // the last beat's first bytes
  std::uint32_t commands = 0;
  TimeNs last_command = 0;
};

}  // namespace sekisho
