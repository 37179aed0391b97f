// AlertSink: the agent's door to the alerts: incidents to the policy, the policy's alerts to the channels, ack and silence from the socket.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "alert/outbox.h"
#include "app/agent_status.h"
#include "app/alert_plan.h"
#include "app/sink.h"
#include "app/store_sink.h"
#include "app/worker.h"
#include "base/file_lock.h"
#include "control/server.h"

namespace sekisho {

// Without channels nothing is kept and nothing happens. `store` must live as long as this.
class AlertSink final : public Sink {
 public:
  static Result<std::unique_ptr<AlertSink>> open(const Config& config, StoreSink& store);
  ~AlertSink() override;

  void on_incident(const IncidentNotice& notice) override;
  void on_second(const std::shared_ptr<const LiveSecond>& second) override;
  void finish() override;

  // The verbs that answer() knows, and the least role for each.
  static std::vector<std::pair<std::string, Role>> requests();
  Result<std::string> answer(const ControlRequest& request);
  std::string json() const;
  std::vector<HealthLine> problems() const;

 private:
  AlertSink(AlertPlan plan, std::optional<FileLock> lock, StoreSink& store);
  void hand_on(std::vector<OutgoingAlert> alerts, bool remember);
  void look();
  Result<std::string> acknowledge(const ControlRequest& request);
  Result<std::string> silence(const ControlRequest& request);
  Result<std::string> end_silence(const ControlRequest& request);
  std::string silences() const;
  void record(const std::string& by, const std::string& action, const std::string& detail);

  const std::string state_path_;
  const std::optional<FileLock> lock_;
  StoreSink& store_;
  const std::vector<std::pair<std::string, std::string>> unusable_;
  mutable std::mutex mutex_;  // of policy_
  AlertPolicy policy_;
  std::string state_problem_;  // guarded by mutex_
  std::map<std::string, std::unique_ptr<AlertOutbox>> outboxes_;
  std::unique_ptr<Worker> worker_;  // last: its thread uses all of the above; null without channels
};

}  // namespace sekisho
