// AlertDesk: the alerts of a running agent, whose settings may change under it.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/alert_sink.h"

namespace sekisho {

// Holds one AlertSink. reload() puts another in its place: spools, open alerts, acknowledgements and silences are on disk and go on.
// on_incident(), on_second(), reload() and finish() are one thread's; json(), problems() and requests may come from others.
class AlertDesk final : public Sink {
 public:
  static constexpr std::size_t kMostHeld = 4096;  // changes of incidents that wait for the new settings

  static Result<std::unique_ptr<AlertDesk>> open(const Config& config, StoreSink& store);
  ~AlertDesk() override;

  void on_incident(const IncidentNotice& notice) override;
  void on_second(const std::shared_ptr<const LiveSecond>& second) override;
  void finish() override;

  // Files of secrets are read again. Settings that cannot hold are an error, and the former ones stay. Otherwise the change is made by a
  // thread of its own, because the last words of the former channels may take a second; until then what comes is held.
  Result<void> reload(const Config& config);

  // Before the server starts.
  void add_requests(ControlServer& server);
  std::string json() const;
  std::vector<HealthLine> problems() const;

 private:
  AlertDesk(Config config, StoreSink& store, std::unique_ptr<AlertSink> sink);
  std::shared_ptr<AlertSink> sink() const;
  void change(Config wanted);

  StoreSink& store_;
  mutable std::mutex mutex_;
  std::shared_ptr<AlertSink> sink_;  // null while it is being changed
  std::deque<IncidentNotice> held_;
  std::string last_json_ = "{}";  // of the one before, while there is none
  std::string problem_;           // the new settings could not be taken, nor the former ones again
  Config config_;                 // that holds; of the thread that calls reload(), or of thread_ while it runs
  std::jthread thread_;
};

}  // namespace sekisho
