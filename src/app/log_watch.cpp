// The loop of `sekisho logs --follow`, with a queue to the agent's thread.
#include "app/log_watch.h"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "app/time_words.h"
#include "base/log.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMostChanges = 4096;

}  // namespace

std::unique_ptr<LogWatch> LogWatch::open(const Config& config, std::string state, std::uint64_t id_seed, std::string& note) {
  if (!config.logs.read) return nullptr;
  std::unique_ptr<LogWatch> watch{new LogWatch};
  watch->state_ = std::move(state);
  auto positions = load_positions(watch->state_);
  if (!positions.ok()) positions = LogPositions{};
  LogInputOptions wanted;
  wanted.names = config.logs.sources;
  wanted.follow = true;
  wanted.positions = &positions.value();
  wanted.from_end = positions.value().empty();  // the first time only what comes
  auto inputs = open_log_inputs(wanted);
  if (!inputs.ok()) {
    note = inputs.error().message;
    return nullptr;
  }
  watch->inputs_ = std::move(inputs).value();
  LogPipelineSettings settings;
  settings.zone = local_zone(wall_clock());
  settings.incidents.forget_closed = true;
  settings.incidents.id_seed = id_seed;
  settings.features.publics = config.publics;
  auto pipeline = LogPipeline::make(std::move(settings), config);
  if (!pipeline.ok()) {
    note = pipeline.error().message;
    return nullptr;
  }
  watch->pipeline_ = std::move(pipeline).value();
  watch->pipeline_->on_incident = [raw = watch.get()](const IncidentEvent& event) {
    const std::lock_guard lock{raw->mutex_};
    if (raw->changes_.size() >= kMostChanges) raw->changes_.pop_front(), ++raw->lost_;
    raw->changes_.push_back({event.change, *event.incident});
  };
  for (const auto& source : watch->inputs_.sources) watch->names_.push_back(source->name());
  return watch;
}

void LogWatch::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void LogWatch::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "logs");
  const auto sources = inputs_.list();
  auto saved = std::chrono::steady_clock::now();
  bool told = false;
  const auto save = [&] {
    LogPositions positions;
    for (const auto& source : inputs_.sources) source->remember(positions);
    const auto done = save_positions(state_, positions);
    if (!done.ok() && !std::exchange(told, true)) log_warning(done.error().message);
  };
  while (!stop.stop_requested()) {
    if (!pipeline_->poll(sources)) {
      pipeline_->advance(wall_clock() - kSecond);
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
    lines_ = pipeline_->tally().lines, events_ = pipeline_->tally().events;
    if (const auto now = std::chrono::steady_clock::now(); now - saved > std::chrono::seconds{5}) {
      saved = now;
      save();
    }
  }
  save();
}

void LogWatch::hand_on(Announcer& announcer, const std::function<void(const Incident&)>& also) {
  std::deque<Change> changes;
  {
    const std::lock_guard lock{mutex_};
    changes.swap(changes_);
  }
  for (const auto& c : changes) {
    announcer.incident(feed_.on_event({c.change, &c.incident}, wall_clock()));
    also(c.incident);
  }
}

std::string LogWatch::json() const {
  nlohmann::ordered_json names = nlohmann::ordered_json::array();
  for (const auto& name : names_) names.push_back(escape_hostile(name, 200));
  return nlohmann::ordered_json(
             {{"sources", std::move(names)}, {"lines", lines_.load()}, {"events", events_.load()}, {"lost_changes", lost_.load()}})
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void LogWatch::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace sekisho
