// SocketEvents: the kernel names the process at the moment it makes, connects or uses a socket (bpf/sockets.bpf.c).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/socket_event.h"

namespace sekisho {

// Attached to all processes of the host for as long as it lives; permits everything. One thread.
class SocketEvents {
 public:
  static constexpr std::size_t kMaxKnown = 4096;  // processes whose names are kept for their next event
  static constexpr std::size_t kMaxReads = 64;  // processes that are looked up in /proc in one read(); the others keep what the kernel told
  // Needs CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and a unified cgroup hierarchy that is mounted; the error says what is missing.
  static Result<std::unique_ptr<SocketEvents>> open();
  ~SocketEvents();
  SocketEvents(const SocketEvents&) = delete;

  // Waits at most so long, then gives all that came; empty: nothing came.
  std::vector<SocketEvent> read(int timeout_ms);
  std::uint64_t lost() const;                        // the ring was full; grows only
  const std::string& note() const { return note_; }  // what is not seen, a sentence; empty: nothing is missing

 private:
  struct Loaded;
  struct Known {
    std::uint64_t started = 0;
    Process process;
    bool seen_alive = false;
  };
  explicit SocketEvents(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
  std::unordered_map<std::uint32_t, Known> known_;  // by process id
  std::string note_;
};

}  // namespace sekisho
