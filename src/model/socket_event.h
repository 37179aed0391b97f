// SocketEvent: a process made, connected or used a socket at a moment, told by the kernel itself. The process may be gone by now.
#pragma once
#include <cstdint>

#include "model/packet.h"
#include "model/process.h"

namespace sekisho {

enum class SocketAct : std::uint8_t { made_raw, connect, send, made_packet };

struct SocketEvent {
  TimeNs time = 0;  // wall clock
  SocketAct act = SocketAct::connect;
  bool v6 = false;
  Address remote;              // of connect and send
  std::uint16_t port = 0;      // of connect and send
  std::uint16_t protocol = 0;  // IP protocol; of a packet socket the Ethernet type
  std::uint32_t count = 1;     // acts of this kind that the event stands for
  Process process;             // net_ns is set; what /proc no longer told is as the kernel had it
  bool seen_alive = false;     // /proc still told about the process: its executable has a whole path
};

}  // namespace sekisho
