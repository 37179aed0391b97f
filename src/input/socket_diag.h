// SocketDiag: asks the kernel for all sockets: TCP with its counters and UDP by netlink, raw and packet sockets from /proc.
#pragma once
#include <string>

#include "base/result.h"
#include "model/socket_sample.h"

namespace sekisho {

// Bounds: the first kMaxSockets of each kind, with a note when there are more. Where netlink is denied, /proc/net serves, without counters.
// One thread; a dump of 10,000 connections takes about 25 ms.
class SocketDiag {
 public:
  static constexpr std::size_t kMaxSockets = 500'000;
  // `now`: the time of the snapshot, to which the kernel's "so many milliseconds ago" refer.
  // Of the network namespace in which the calling thread is.
  SocketSnapshot read(TimeNs now);
  // Without the kernel's counters, from a folder such as /proc/PID/net: raw and packet sockets too.
  static void read_proc(const std::string& folder, SocketSnapshot& out);

 private:
  bool dump(int family, int protocol, SocketSnapshot& out);
  bool denied_ = false;  // netlink refused once: it is not asked again
  std::string why_;
};

}  // namespace sekisho
