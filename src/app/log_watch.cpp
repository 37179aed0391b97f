// The loop: open what there is, read on, judge, remember.
#include "app/log_watch.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <nlohmann/json.hpp>

#include "app/log_inputs.h"
#include "app/time_words.h"
#include "base/log.h"
#include "base/text.h"
#include "input/journal.h"

namespace sekisho {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPause = std::chrono::milliseconds{200};
constexpr auto kDescribeEvery = std::chrono::seconds{5};
constexpr auto kTryAgain = std::chrono::minutes{1};  // logs that appear later
constexpr DurationNs kPastBefore = 10 * kMinute;     // older lines are history: nothing is blocked for them
constexpr DurationNs kLateLines = kSecond / 4;       // later ones count with the second in which they come
constexpr std::size_t kRows = 2000, kMostNotices = 4096;

void wait(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

Result<std::unique_ptr<LogWatch>> LogWatch::make(LogWatchSettings settings, const Config& config) {
  settings.pipeline.incidents.forget_closed = true;
  auto pipeline = TRY(LogPipeline::make(settings.pipeline, config));
  return std::unique_ptr<LogWatch>{new LogWatch(std::move(settings), std::move(pipeline))};
}

LogWatch::LogWatch(LogWatchSettings settings, std::unique_ptr<LogPipeline> pipeline)
    : settings_(std::move(settings)), pipeline_(std::move(pipeline)) {
  pipeline_->on_incident = [this](const IncidentEvent& event) { tell(feed_.on_event(event, wall_clock())); };
  pipeline_->on_offender = [this](const Offender& offender, const Incident* incident) {
    if (on_offender && !is_past(pipeline_->now())) on_offender(offender, incident ? incident->id : std::string{});
  };
}

bool LogWatch::is_past(TimeNs time) const { return time + kPastBefore < wall_clock(); }

// What a log held before the first start is kept, and told of once it turns out to go on; what is critical is told all the same.
void LogWatch::tell(IncidentNotice notice) {
  const auto& incident = *notice.incident;
  if (is_past(incident.memory.last_finding)) {
    if (past_.contains(incident.id) || (reading_past_ && notice.what == "opened" && incident.severity < Severity::critical)) {
      notice.what = "past";
      if (incident.ended)
        past_.erase(incident.id);
      else
        past_.insert(incident.id);
    }
  } else if (past_.erase(incident.id)) {
    notice.what = incident.ended ? "past" : "opened";
  }
  const std::lock_guard lock{mutex_};
  if (notices_.size() < kMostNotices) notices_.push_back(std::move(notice));
}

void LogWatch::tell_progress() {
  for (const auto* incident : pipeline_->open_incidents())
    if (auto notice = feed_.progress(*incident, wall_clock())) tell(std::move(*notice));
}

void LogWatch::resume(std::vector<Incident> known) {
  for (const auto& incident : known)
    if (!incident.ended) notices_.push_back(feed_.resume(incident, wall_clock()));
  pipeline_->resume(std::move(known));
}

void LogWatch::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void LogWatch::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

// What the logs hold already, merged by time, as far as it can be read; `positions` tells where to go on.
void LogWatch::read_past(LogPositions& positions, const std::stop_token& stop) {
  LogInputs inputs;
  for (const auto& name : settings_.sources.empty() ? found_logs("", Journal::usable()) : settings_.sources) {
    LogInputOptions one;
    one.names = {name}, one.predecessors = true, one.since = wall_clock() - settings_.past;
    one.first_input = static_cast<std::uint32_t>(inputs.sources.size());
    auto opened = open_log_inputs(one);
    if (opened.ok())
      for (auto& source : opened->sources) inputs.sources.push_back(std::move(source));
  }
  // The store keeps logins by the hour: those of one hour are handed on before the next.
  TimeNs hour = 0;
  pipeline_->on_line = [&](const LogLine&, LineVerdict, const LogEvent& event) {
    const auto its = event.time / (3600 * kSecond);
    if (its <= hour) return;
    hour = its;
    keep_logins();
  };
  reading_past_ = true;
  pipeline_->run(inputs.list(), [&] { return stop.stop_requested(); });
  if (pipeline_->now()) pipeline_->advance(pipeline_->now() + kLogStep);  // the last second's lines are of the past, too
  reading_past_ = false;
  pipeline_->on_line = nullptr;
  for (const auto& source : inputs.sources) source->remember(positions);
  log_notice(fmt::format("the logs' last {} were read: {} lines", format_duration(settings_.past), pipeline_->tally().lines));
}

void LogWatch::run(const std::stop_token& stop) {
  ::prctl(PR_SET_NAME, "logs");
  LogPositions positions;
  bool from_now_on = false;  // where it was is lost: nothing is read twice
  if (!settings_.positions.empty()) {
    auto known = load_positions(settings_.positions);
    if (known.ok())
      positions = std::move(known).value();
    else
      from_now_on = true, log_warning(fmt::format("{}; logs are read from now on", known.error().message));
  }
  LogInputs inputs;
  auto tried = Clock::time_point{}, described = Clock::now(), told = Clock::now();
  if (positions.empty() && settings_.past > 0 && !from_now_on) read_past(positions, stop);
  while (!stop.stop_requested()) {
    if (inputs.sources.empty() && (tried == Clock::time_point{} || Clock::now() - tried > kTryAgain)) {
      LogInputOptions wanted;
      wanted.names = settings_.sources;
      wanted.follow = true;
      wanted.positions = &positions;
      wanted.from_end = positions.empty() && (settings_.past == 0 || from_now_on);
      auto opened = open_log_inputs(wanted);
      const std::lock_guard lock{mutex_};
      notes_ = opened.ok() ? opened->unreadable : std::vector{opened.error().message};
      if (opened.ok()) inputs = std::move(opened).value();
      for (const auto& source : inputs.sources) reading_.push_back(source->name());
      tried = Clock::now();
    }
    const bool more = pipeline_->poll(inputs.list());
    if (Clock::now() - told >= std::chrono::seconds{1}) tell_progress(), told = Clock::now();
    if (!more) {
      pipeline_->advance(wall_clock() - kLateLines);
      wait(stop, kPause);
    }
    if (Clock::now() - described < kDescribeEvery && !stop.stop_requested()) continue;
    described = Clock::now();
    describe();
    for (const auto& source : inputs.sources) source->remember(positions);
    if (settings_.positions.empty() || inputs.sources.empty()) continue;
    if (const auto done = save_positions(settings_.positions, positions); !done.ok()) {
      const std::lock_guard lock{mutex_};
      notes_ = {done.error().message};
    }
  }
}

// For status and the dashboard: the sources of failures, most first.
void LogWatch::describe() {
  std::vector<Row> rows;
  std::uint64_t failures = 0;
  pipeline_->features().logins().for_each([&](const LoginFact& fact) {
    failures += fact.failures;
    rows.push_back({to_string(fact.source), std::string{to_string(fact.service)}, fact.honeypot ? "honeypot" : "", fact.failures,
                    fact.successes, fact.users, fact.first_seen, fact.last_seen});
  });
  keep_logins();
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.failures != b.failures ? a.failures > b.failures : a.source < b.source; });
  if (rows.size() > kRows) rows.resize(kRows);
  const std::lock_guard lock{mutex_};
  rows_ = std::move(rows);
  failures_ = failures;
  lines_ = pipeline_->tally().lines, events_ = pipeline_->tally().events;
}

void LogWatch::keep_logins() {
  if (!keep || pipeline_->tally().events == events_kept_) return;
  events_kept_ = pipeline_->tally().events;
  auto news = counts_.take([&](const std::function<void(const LoginFact&)>& hand) { pipeline_->features().logins().for_each(hand); });
  if (!news.empty()) keep(std::move(news));
}

std::vector<IncidentNotice> LogWatch::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(notices_, {});
}

std::uint64_t LogWatch::failures() const {
  const std::lock_guard lock{mutex_};
  return failures_;
}

std::string LogWatch::status_json() const {
  const std::lock_guard lock{mutex_};
  nlohmann::ordered_json out{{"lines", lines_}, {"events", events_}, {"failures", failures_}};
  auto reading = nlohmann::ordered_json::array(), notes = nlohmann::ordered_json::array();
  for (const auto& name : reading_) reading.push_back(escape_hostile(name, 400));
  for (const auto& note : notes_) notes.push_back(escape_hostile(note, 400));
  out["reading"] = std::move(reading), out["notes"] = std::move(notes);
  return out.dump();
}

std::string LogWatch::logins_json(std::size_t limit, const std::string& filter) const {
  auto list = nlohmann::ordered_json::array();
  const std::lock_guard lock{mutex_};
  for (const auto& row : rows_) {
    if (list.size() >= limit) break;
    if (!filter.empty() && row.source.find(filter) == std::string::npos && row.service.find(filter) == std::string::npos) continue;
    list.push_back({{"source", row.source},
                    {"service", row.service},
                    {"failures", row.failures},
                    {"successes", row.successes},
                    {"users", fmt::format("{}{}", row.users, row.users >= 16 ? " or more" : "")},
                    {"first", format_rfc3339(row.first)},
                    {"last", format_rfc3339(row.last)},
                    {"note", row.note}});
  }
  return nlohmann::ordered_json{{"schema", 1},
                                {"rows", std::move(list)},
                                {"next", nullptr},
                                {"empty", reading_.empty() ? "No log is read." : ""},
                                {"message", escape_hostile(fmt::format("{}", fmt::join(notes_, "; ")), 400)}}
      .dump();
}

}  // namespace sekisho
