// Swaps one AlertSink for another.
#include "app/alert_desk.h"

#include <fmt/format.h>

#include "base/log.h"

namespace sekisho {
Result<std::unique_ptr<AlertDesk>> AlertDesk::open(const Config& config, StoreSink& store) {
  auto sink = TRY(AlertSink::open(config, store));
  return std::unique_ptr<AlertDesk>{new AlertDesk(config, store, std::move(sink))};
}

AlertDesk::AlertDesk(Config config, StoreSink& store, std::unique_ptr<AlertSink> sink)
    : store_(store), sink_(std::move(sink)), config_(std::move(config)) {}

AlertDesk::~AlertDesk() { finish(); }

std::shared_ptr<AlertSink> AlertDesk::sink() const {
  const std::lock_guard lock{mutex_};
  return sink_;
}

void AlertDesk::on_incident(const IncidentNotice& notice) {
  {
    const std::lock_guard lock{mutex_};
    if (!sink_) {
      if (held_.size() == kMostHeld) held_.pop_front();
      held_.push_back(notice);
      return;
    }
  }
  sink()->on_incident(notice);  // only this thread and the one that is not running take it away
}

void AlertDesk::on_second(const std::shared_ptr<const LiveSecond>& second) {
  if (const auto now = sink()) now->on_second(second);
}

void AlertDesk::finish() {
  if (thread_.joinable()) thread_.join();
  if (const auto last = sink()) last->finish();
}

Result<void> AlertDesk::reload(const Config& config) {
  if (thread_.joinable()) thread_.join();  // a change that is not done yet
  if (alert_sections(config_).empty() && alert_sections(config).empty()) return {};
  TRY(plan_alerts(config));
  thread_ = std::jthread{[this, config] { change(config); }};
  return {};
}

void AlertDesk::change(Config wanted) {
  std::shared_ptr<AlertSink> former;
  {
    const std::lock_guard lock{mutex_};
    if (sink_) last_json_ = sink_->json();
    former = std::move(sink_);
    sink_ = nullptr;
  }
  // The folder's lock goes with the last who holds it: a request may still be answered.
  std::weak_ptr<AlertSink> going = former;
  if (former) former->finish();
  former.reset();
  while (!going.expired()) std::this_thread::sleep_for(std::chrono::milliseconds{5});

  auto opened = AlertSink::open(wanted, store_);
  std::string problem;
  if (opened.ok()) {
    config_ = std::move(wanted);
    log_notice("alerts go by the new settings now");
  } else {
    problem = opened.error().message;
    log_error(fmt::format("alerts stay with their former settings: {}", problem));
    opened = AlertSink::open(config_, store_);
    if (opened.ok()) problem.clear();
  }
  const std::lock_guard lock{mutex_};
  problem_ = problem;
  if (!opened.ok()) return;
  sink_ = std::move(opened).value();
  for (const auto& notice : held_) sink_->on_incident(notice);
  held_.clear();
}

void AlertDesk::add_requests(ControlServer& server) {
  for (const auto& [verb, least] : AlertSink::requests())
    server.on(verb, least, [this](const ControlRequest& request) -> Result<std::string> {
      const auto now = sink();
      if (!now) return Error{"the settings of alerts are being changed: ask again in a second"};
      return now->answer(request);
    });
}

std::string AlertDesk::json() const {
  const std::lock_guard lock{mutex_};
  return sink_ ? sink_->json() : last_json_;
}

std::vector<HealthLine> AlertDesk::problems() const {
  const std::lock_guard lock{mutex_};
  if (sink_) return sink_->problems();
  if (problem_.empty()) return {};
  return {{"alerts", fmt::format("nobody is told of incidents: {}", problem_), "mend the configuration, then reload the agent"}};
}

}  // namespace sekisho
