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
  bool apart = false;  // in a network namespace that no link joins to the reader's own
  // Of TCP, when the kernel told (struct tcp_info): since the connection began.
  bool counted = false;
  std::uint64_t bytes_sent = 0;                            // payload, without retransmissions
  std::uint64_t bytes_received = 0;                        // payload
  std::uint32_t segments_sent = 0, segments_received = 0;  // with payload
  TimeNs last_sent = 0, last_received = 0;                 // when payload last went and came; exact to a few milliseconds
};

// A network namespace that is not the reader's own.
struct NetNamespace {
  std::uint64_t inode = 0;
  std::int64_t pid = 0;         // a process in it
  std::string container, unit;  // of that process, by its cgroup
  bool linked = true;           // false: no link (veth and the like) joins it to the reader's own, so its packets do not pass here
};

struct SocketSnapshot {
  TimeNs time = 0;
  std::vector<SocketSample> sockets;
  std::vector<std::string> notes;        // what could not be read, each a sentence
  std::vector<NetNamespace> namespaces;  // the other ones that were read
  bool entered = true;                   // false: the other ones were read from /proc, without counters
  std::size_t unread_processes = 0;      // whose namespace may not be asked
};

}  // namespace sekisho
