// AlertOutbox: hands alerts to one channel: a spool on disk, a thread, attempts with growing pauses. At least once, in order.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "alert/channel.h"
#include "alert/send.h"
#include "alert/spool.h"

namespace sekisho {

struct AlertOutboxSettings {
  std::string folder;  // of this channel
  std::size_t max_entries = 1000;
  std::chrono::milliseconds first_pause{1000}, longest_pause{15 * 60'000};
  std::chrono::seconds give_up{72 * 3600};
};

struct AlertOutboxStatus {
  std::string name, type;
  std::uint64_t sent = 0, failed = 0, dropped = 0, dead = 0;  // failed: attempts
  std::size_t waiting = 0;
  std::optional<TimeNs> last_sent, failing_since;
  std::int64_t last_ms = 0;     // how long the last that was sent took
  std::string problem;          // what the last attempt said, while it fails
  std::string disk_problem;     // alerts are in memory only
  std::int64_t next_try_s = 0;  // from now
};

// put() is one thread's, status() anybody's. A receiver that hangs holds up its own channel only.
class AlertOutbox {
 public:
  using Send = std::function<AlertOutcome(const AlertChannel&, const Alert&, const std::stop_token&)>;
  using Clock = std::function<TimeNs()>;  // the wall's

  AlertOutbox(AlertChannel channel, AlertOutboxSettings settings, Send send, Clock clock);
  ~AlertOutbox();
  // Returns when the alert is on disk (or the disk has failed).
  void put(std::shared_ptr<const Alert> alert);
  // Up to `patience` for what waits and does not fail; then the thread ends. What is left is sent by the next run.
  void finish(std::chrono::milliseconds patience);
  AlertOutboxStatus status() const;

 private:
  void run(const std::stop_token& stop);

  const AlertChannel channel_;
  const AlertOutboxSettings settings_;
  const Send send_;
  const Clock clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  AlertSpool spool_;
  AlertOutboxStatus status_;
  std::chrono::milliseconds pause_{0};
  std::chrono::steady_clock::time_point next_try_{};
  bool idle_ = true;
  std::jthread thread_;
};

// Renders for the channel's type and sends.
AlertOutcome deliver_alert(const AlertChannel& channel, const Alert& alert, TimeNs now, const std::stop_token& stop);

}  // namespace sekisho
