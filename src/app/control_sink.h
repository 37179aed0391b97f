// ControlSink: the agent's side of the control socket: live events for subscribers, and the requests that read.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/agent_status.h"
#include "app/sink.h"
#include "app/worker.h"
#include "control/server.h"

namespace sekisho {

// Requests: status, incidents, incident, config, see docs/control.md. `status` must live as long as this.
class ControlSink final : public Sink {
 public:
  ControlSink(std::unique_ptr<ControlServer> server, std::string store_path, AgentStatus& status);
  ~ControlSink() override;
  // Further verbs before this: others add what changes something.
  void start();
  ControlServer& server() { return *server_; }
  // The settings in force, as JSON text. Any thread.
  void set_config(std::string config);

  void on_incident(const IncidentNotice& notice) override;
  void on_second(const std::shared_ptr<const LiveSecond>& second) override;
  void finish() override;

 private:
  std::string snapshot() const;
  Result<std::string> incidents(const std::string& with) const;
  Result<std::string> incident(const std::string& with) const;

  const std::unique_ptr<ControlServer> server_;
  const std::string store_path_;
  AgentStatus& status_;
  mutable std::mutex mutex_;
  std::string config_ = "null";
  std::map<std::string, std::string> open_;  // open incidents: id -> contract object
  Worker worker_;
};

}  // namespace sekisho
