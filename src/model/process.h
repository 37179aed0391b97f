// What /proc says about processes and sockets, as plain data; parsed by model/proc_text.h.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/address.h"

namespace sekisho {

struct Process {
  std::int64_t pid = 0, parent = 0;
  std::uint64_t start_ticks = 0;  // since boot, in clock ticks (sysconf(_SC_CLK_TCK), 100 everywhere)
  std::string comm;               // at most 15 bytes, chosen by the process itself
  std::vector<std::string> args;  // its command line, at most 4 KiB, chosen by the process itself
  bool has_args = true;           // false: kernel threads, and processes that wiped their command line
  std::string exe;                // the executable's path in the process's own mount namespace; empty: not readable or a kernel thread
  bool exe_deleted = false;       // the file that runs has no name any more
  bool kernel_thread = false;
  std::int64_t uid = -1;                   // effective
  std::string cgroup;                      // of the unified hierarchy, or systemd's: "/system.slice/ssh.service"
  std::string unit;                        // "ssh.service", "session-3.scope"; empty: none
  std::string container;                   // the id in the cgroup's name; empty: none
  std::uint64_t mount_ns = 0, net_ns = 0;  // inode numbers; 0 = not readable
};

enum class SocketKind : std::uint8_t { tcp, udp, raw, packet };

struct HostSocket {
  SocketKind kind = SocketKind::tcp;
  bool v6 = false;  // the family of the socket, not of the address
  Address local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  std::uint8_t state = 0;      // of TCP as the kernel numbers them: 1 established, 10 listen
  std::uint16_t protocol = 0;  // raw: the IP protocol (255 = any, sending only); packet: the Ethernet type (3 = all)
  std::int64_t uid = -1;
  std::uint64_t inode = 0;   // joins it to the process that holds socket:[inode]
  std::uint64_t net_ns = 0;  // 0: the network namespace of the reader
};
constexpr std::uint8_t kTcpEstablished = 1, kTcpListen = 10;

}  // namespace sekisho
