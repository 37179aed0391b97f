// RuleWatch: the counters of the detection rules as a time series, and the waves of scans in them; on a thread of its own.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "app/announcer.h"
#include "app/incident_feed.h"
#include "incident/incidents.h"

namespace sekisho {

class RuleWatch {
 public:
  RuleWatch(StoreSink& store, std::uint64_t id_seed);
  ~RuleWatch() { finish(); }
  void start();
  // The agent's thread, a few times a second.
  void hand_on(Announcer& announcer);
  void finish();

 private:
  struct Change {
    IncidentChange change = IncidentChange::opened;
    Incident incident;
  };
  void run(const std::stop_token& stop);

  StoreSink& store_;
  Incidents incidents_;
  IncidentFeed feed_;  // the agent's thread
  std::mutex mutex_;
  std::deque<Change> changes_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace sekisho
