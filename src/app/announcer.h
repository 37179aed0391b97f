// Announcer: tells incidents to every sink, after they are on disk.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "app/store_sink.h"

namespace sekisho {

// An incident is durable before it is announced, but a disk that hangs does not hold an alert back for more than two seconds. The order of
// notices is kept. incident(), second() and tick() are the agent's thread's; sinks are called by it or by the store's thread, one at a
// time.
class Announcer {
 public:
  static constexpr std::chrono::seconds kPatience{2};

  Announcer(StoreSink& store, std::vector<Sink*> sinks) : store_(store), sinks_(std::move(sinks)) {}
  void incident(IncidentNotice notice);
  void second(const std::shared_ptr<const LiveSecond>& second);
  // A few times a second.
  void tick();
  // The store is finished first, then all sinks in order.
  void finish();

 private:
  struct Pending {
    std::uint64_t number = 0;
    IncidentNotice notice;
    std::chrono::steady_clock::time_point since;
  };
  void announce_until(std::uint64_t number);

  StoreSink& store_;
  const std::vector<Sink*> sinks_;
  std::mutex mutex_;
  std::deque<Pending> pending_;
  std::uint64_t number_ = 0;
};

}  // namespace sekisho
