// SocketSnapshot: the sockets of this host at one moment, with what the kernel counts for each TCP connection.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/packet.h"
#include "model/process.h"

namespace sekisho {

struct SocketSample {
  HostSocket socket;
  // Of TCP, when the kernel told (struct tcp_info): since the connection began.
  bool counted = false;
  std::uint64_t bytes_sent = 0;                            // payload, without retransmissions
  std::uint64_t bytes_received = 0;                        // payload
  std::uint32_t segments_sent = 0, segments_received = 0;  // with payload
  TimeNs last_sent = 0, last_received = 0;                 // when payload last went and came; exact to a few milliseconds
};

struct SocketSnapshot {
  TimeNs time = 0;
  std::vector<SocketSample> sockets;
  std::vector<std::string> notes;  // what could not be read, each a sentence
};

}  // namespace sekisho
