// The thread of a channel.
#include "alert/outbox.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>

#include "base/log.h"

namespace sekisho {

AlertOutcome deliver_alert(const AlertChannel& channel, const Alert& alert, TimeNs now, const std::stop_token& stop) {
  return send_alert(channel, render_alert(channel, alert, now), stop);
}

AlertOutbox::AlertOutbox(AlertChannel channel, AlertOutboxSettings settings, Send send, Clock clock)
    : channel_(std::move(channel)),
      settings_(std::move(settings)),
      send_(std::move(send)),
      clock_(std::move(clock)),
      spool_(settings_.folder, settings_.max_entries),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

AlertOutbox::~AlertOutbox() { finish(std::chrono::milliseconds{0}); }

void AlertOutbox::put(std::shared_ptr<const Alert> alert) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    number = spool_.next_number();
  }
  // Not under the lock: a disk that hangs holds up neither those who ask for the status nor what is being sent.
  const auto wrote = spool_.write(number, *alert);
  {
    const std::lock_guard lock{mutex_};
    spool_.add(number, std::move(alert), wrote);
  }
  changed_.notify_all();
}

void AlertOutbox::finish(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, patience, [this] { return idle_ && (spool_.empty() || pause_.count() > 0); });
  }
  thread_.request_stop();
  changed_.notify_all();
  thread_.join();
}

AlertOutboxStatus AlertOutbox::status() const {
  const std::lock_guard lock{mutex_};
  auto out = status_;
  out.name = channel_.name, out.type = channel_.settings.type;
  out.waiting = spool_.size(), out.dropped = spool_.dropped(), out.dead = spool_.dead(), out.disk_problem = spool_.problem();
  const auto left = next_try_ - std::chrono::steady_clock::now();
  out.next_try_s = pause_.count() == 0 ? 0 : std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(left).count() + 1);
  return out;
}

void AlertOutbox::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), ("alert-" + channel_.name).substr(0, 15).c_str());
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, stop, [this] { return !spool_.empty(); });
    if (stop.stop_requested()) return;
    if (pause_.count() > 0) {
      changed_.wait_until(lock, stop, next_try_, [] { return false; });
      if (stop.stop_requested()) return;
    }
    const auto entry = spool_.front();
    idle_ = false;
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    const auto outcome = send_(channel_, *entry.alert, stop);
    const auto now = clock_();
    const bool too_old = now - entry.alert->time > std::chrono::duration_cast<std::chrono::nanoseconds>(settings_.give_up).count();
    lock.lock();
    idle_ = true;
    // Sent, given up, or to be tried again; an attempt that our own end cut short is no failure.
    if (outcome.kind == AlertOutcome::Kind::delivered) {
      if (status_.failing_since) log_notice(fmt::format("alerts to '{}' work again", channel_.name));
      spool_.done();
      ++status_.sent, status_.last_sent = now, status_.failing_since.reset(), status_.problem.clear();
      status_.last_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
      pause_ = {};
    } else if (!stop.stop_requested()) {
      ++status_.failed;
      if (!status_.failing_since || outcome.kind == AlertOutcome::Kind::refused)
        log_error(fmt::format("an alert to '{}' failed: {}", channel_.name, outcome.sentence));
      status_.problem = outcome.sentence;
      if (!status_.failing_since) status_.failing_since = now;
      if (outcome.kind == AlertOutcome::Kind::refused || too_old) {
        spool_.bury();
        pause_ = {};
      } else {
        pause_ = std::clamp(pause_ * 2, settings_.first_pause, settings_.longest_pause);
        if (outcome.retry_after) pause_ = std::max<std::chrono::milliseconds>(pause_, *outcome.retry_after);
        next_try_ = std::chrono::steady_clock::now() + pause_;
      }
    }
    changed_.notify_all();
    if (stop.stop_requested()) return;
  }
}

}  // namespace sekisho
