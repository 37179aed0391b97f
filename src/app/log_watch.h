// LogWatch: the agent reads the logs of this machine, on a thread of its own; their incidents are told like those of packets.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/agent_status.h"
#include "app/announcer.h"
#include "app/config.h"
#include "app/incident_feed.h"
#include "app/log_inputs.h"
#include "app/log_pipeline.h"

namespace sekisho {

class LogWatch {
 public:
  // Null when [logs] says that nothing is read, or when there is nothing to read (`note` says what). `state`: the file that remembers how
  // far was read.
  static std::unique_ptr<LogWatch> open(const Config& config, std::string state, std::uint64_t id_seed, std::string& note);
  ~LogWatch() { finish(); }

  void start();
  // The agent's thread, a few times a second: what is new goes to the announcer and to `also`.
  void hand_on(Announcer& announcer, const std::function<void(const Incident&)>& also);
  std::string json() const;
  void finish();

 private:
  struct Change {
    IncidentChange change = IncidentChange::opened;
    Incident incident;
  };
  LogWatch() = default;
  void run(const std::stop_token& stop);

  std::string state_;
  std::unique_ptr<LogPipeline> pipeline_;
  LogInputs inputs_;
  std::vector<std::string> names_;
  IncidentFeed feed_;  // the agent's thread
  std::mutex mutex_;
  std::deque<Change> changes_;  // bounded
  std::atomic<std::uint64_t> lines_ = 0, events_ = 0, lost_ = 0;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace sekisho
