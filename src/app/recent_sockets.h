// RecentSockets: who made, connected or used which socket in the last minutes, also processes that have ended.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "input/socket_events.h"
#include "model/socket_sample.h"

namespace sekisho {

// What a process did with a socket, as if the socket were still open: for attribute().
struct RecentSocket {
  SocketSample sample;
  Process process;
  bool seen_alive = false;  // false: it was gone before /proc told about it, and exe is only the last part of the path
  TimeNs first = 0, last = 0;
  std::uint64_t count = 0;
};

// Without events from the kernel it remembers nothing and says why. A thread of its own waits for them; all members may be called by any.
// Bounds: kMaxProcesses, of each the kMaxActs latest; what is older than kKept goes.
class RecentSockets {
 public:
  static constexpr std::size_t kMaxProcesses = 2048, kMaxActs = 24;
  static constexpr DurationNs kKept = 300 * kSecond;

  explicit RecentSockets(Result<std::unique_ptr<SocketEvents>> events);
  ~RecentSockets() { finish(); }
  void start();
  void finish();

  void add(const SocketEvent& event);
  std::vector<RecentSocket> since(TimeNs time) const;
  // Empty: sockets are seen as they are made, all of them. Else a sentence with what is not seen.
  const std::string& problem() const { return problem_; }
  bool works() const { return events_ != nullptr; }
  std::uint64_t lost() const;  // events that came too fast

 private:
  using Key = std::pair<std::int64_t, std::uint64_t>;  // process id, start
  struct Entry {
    Process process;
    bool seen_alive = false;
    TimeNs last = 0;
    std::vector<RecentSocket> acts;  // without the process
  };
  void run(const std::stop_token& stop);
  void make_room(TimeNs now);

  std::unique_ptr<SocketEvents> events_;
  std::string problem_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::jthread thread_;
};

}  // namespace sekisho
