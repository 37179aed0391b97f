// LiveFacts: what holds right now: the open incidents, the last second, the process itself; parts of AgentStatus.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/sink.h"

namespace sekisho {

// Sink members are called as announced, all others by any thread.
class LiveFacts final : public Sink {
 public:
  LiveFacts();
  void on_incident(const IncidentNotice& notice) override;
  void on_second(const std::shared_ptr<const LiveSecond>& second) override;

  std::vector<Incident> open_incidents() const;
  std::string agent_json() const;    // version, pid, started, uptime_s, cpu_percent (since the start), memory_bytes
  std::string verdict_json() const;  // state, sentence, since, incidents (ids)
  std::string traffic_json() const;  // the last second, and the totals since the start

 private:
  const TimeNs started_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Incident>> open_;
  std::shared_ptr<const LiveSecond> second_;
};

}  // namespace sekisho
