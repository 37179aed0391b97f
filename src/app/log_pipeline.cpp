// The data path of logs, in the order in which lines meet the rooms: decode, features, detect, incident.
#include "app/log_pipeline.h"

#include <algorithm>
#include <ctime>

namespace sekisho {
namespace {

// Lines of one log are out of order by seconds: a web server writes a request when it ends. What is later than this is a clock that was
// set.
constexpr DurationNs kClockSetBack = 10 * kMinute;

}  // namespace

Result<std::unique_ptr<LogPipeline>> LogPipeline::make(LogPipelineSettings settings, const Config& config) {
  std::unique_ptr<LogPipeline> p{new LogPipeline(std::move(settings))};
  for (const auto& spec : Registry<LogDetectorSpec>::all()) {
    auto detector = TRY(spec.make(section(config, "detect." + std::string{spec.name})));
    p->detectors_.push_back(std::move(detector));
  }
  return p;
}

LogPipeline::LogPipeline(LogPipelineSettings settings)
    : settings_(std::move(settings)), features_(settings_.features), incidents_(settings_.incidents) {}

LogClock& LogPipeline::clock_of(std::uint32_t input) {
  while (clocks_.size() <= input) clocks_.push_back({.year = settings_.year, .zone = settings_.zone});
  return clocks_[input];
}

LineVerdict LogPipeline::decode(const LogLine& line, LogClock& clock, LogEvent& event) {
  if (line.reference) clock.reference = line.reference;
  return decode_log_line(line, clock, event);
}

// Reads ahead one line of each source, so that lines can be handed on in order of time.
struct LogPipeline::Lane {
  LineSource* source = nullptr;
  LogLine line;
  LogEvent event;
  LineVerdict verdict = LineVerdict::unknown;
  TimeNs time = 0;  // of its last line that had one: what has none goes with it
};

bool LogPipeline::run(const std::vector<LineSource*>& sources, const std::function<bool()>& stop) {
  std::vector<Lane> lanes;
  const auto fill = [&](Lane& lane) {
    if (lane.source->next(lane.line) != LineState::line) return false;
    lane.verdict = decode(lane.line, clock_of(lane.line.input), lane.event);
    if (lane.event.time) lane.time = lane.event.time;
    return true;
  };
  // Pipes have pauses: nothing of the others is handed on while one of them may still have something older.
  std::vector<LineSource*> waiting{sources};
  std::uint32_t turn = 0;
  while (!lanes.empty() || !waiting.empty()) {
    if (++turn % 1024 == 0 && stop && stop()) return false;
    for (std::size_t i = 0; i < waiting.size();) {
      Lane lane{waiting[i]};
      const LineState state = lane.source->next(lane.line);
      if (state == LineState::none) {
        if (stop && stop()) return false;
        const timespec pause{0, 5'000'000};
        ::nanosleep(&pause, nullptr);
        continue;
      }
      if (state == LineState::line) {
        lane.verdict = decode(lane.line, clock_of(lane.line.input), lane.event);
        lane.time = lane.event.time;
        lanes.push_back(lane);
      }
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (lanes.empty()) break;
    std::size_t first = 0;
    for (std::size_t i = 1; i < lanes.size(); ++i)
      if (lanes[i].time < lanes[first].time) first = i;
    Lane& lane = lanes[first];
    const TimeNs others = lanes.size() == 1 ? INT64_MAX : [&] {
      TimeNs least = INT64_MAX;
      for (std::size_t i = 0; i < lanes.size(); ++i)
        if (i != first) least = std::min(least, lanes[i].time);
      return least;
    }();
    // As long as it stays the oldest, one lane is read on without looking at the others.
    bool more = true;
    do {
      take(lane.line, lane.verdict, lane.event);
      more = fill(lane);
      if (++turn % 1024 == 0 && stop && stop()) return false;
    } while (more && lane.time <= others);
    if (!more) {
      // The end, or a pause: then it is waited for.
      waiting.push_back(lane.source);
      lanes.erase(lanes.begin() + static_cast<std::ptrdiff_t>(first));
    }
  }
  return true;
}

bool LogPipeline::poll(const std::vector<LineSource*>& sources, std::size_t most) {
  bool any = false;
  LogLine line;
  LogEvent event;
  for (LineSource* source : sources)
    for (std::size_t n = 0; n < most && source->next(line) == LineState::line; ++n) {
      const LineVerdict verdict = decode(line, clock_of(line.input), event);
      take(line, verdict, event);
      any = true;
    }
  return any;
}

void LogPipeline::take(const LogLine& line, LineVerdict verdict, LogEvent& event) {
  ++tally_.lines;
  if (on_line) on_line(line, verdict, event);
  tally_.odd += event.odd;
  if (verdict != LineVerdict::event) {
    ++(verdict == LineVerdict::other ? tally_.others : tally_.unknown);
    return;
  }
  if (event.time == 0) {
    ++tally_.without_time;
    event.time = now_ ? now_ : line.reference;
  }
  if ((settings_.since && event.time < settings_.since) || (settings_.until && event.time > settings_.until)) {
    ++tally_.outside;
    return;
  }
  ++tally_.events;
  if (event.rule.data() != last_rule_.data() || !last_rule_count_) {
    last_rule_ = event.rule;
    last_rule_count_ = &tally_.rules[event.rule];
  }
  ++*last_rule_count_;
  if (event.kind == LogKind::nothing) return;
  if (!event.has_source && event.kind != LogKind::request) {
    ++tally_.unnamed;
    return;
  }
  if (started_ && event.time + kClockSetBack < now_ && event.kind != LogKind::request) {
    ++tally_.clock_set_back;
    close_step(false);
    features_.restart(event.time);
    now_ = event.time;
    step_ = now_ / kLogStep;
  }
  const TimeNs time = started_ ? std::max(event.time, now_) : event.time;
  const std::int64_t step = time / kLogStep;
  if (!started_) started_ = true, step_ = step;
  if (step != step_) {
    close_step(false);
    step_ = step;
  }
  now_ = time;
  tally_.first = tally_.first ? std::min(tally_.first, event.time) : event.time;
  tally_.last = std::max(tally_.last, event.time);
  something_ = true;
  features_.on_event(event, time);
}

void LogPipeline::close_step(bool last) {
  if (!something_ && !last) return;
  something_ = false;
  const TimeNs end = (step_ + 1) * kLogStep;
  const LogStep& step = features_.finish_step(end, last);
  findings_.clear();
  for (const auto& detector : detectors_) detector->on_step(step, findings_);
  for (const auto& event : incidents_.on_step(end, findings_))
    if (on_incident) on_incident(event);
  if (!on_offender) return;
  offenders_.clear();
  for (const auto& detector : detectors_) detector->take_offenders(offenders_);
  for (const auto& o : offenders_) on_offender(o, incidents_.open(o.label, Direction::ingress, o.merge_key));
}

void LogPipeline::advance(TimeNs now) {
  if (!started_ || now / kLogStep <= step_) return;
  close_step(false);
  step_ = now / kLogStep;
  now_ = std::max(now_, step_ * kLogStep);
  findings_.clear();
  for (const auto& event : incidents_.on_step(now, findings_))
    if (on_incident) on_incident(event);
}

void LogPipeline::finish() {
  if (!started_) return;
  close_step(true);
  for (const auto& event : incidents_.finish((step_ + 1) * kLogStep))
    if (on_incident) on_incident(event);
}

LogZone local_zone(TimeNs reference) {
  LogZone zone;
  const auto offset_at = [](std::int64_t utc) {
    const auto t = static_cast<std::time_t>(utc);
    std::tm local{};
    return ::localtime_r(&t, &local) ? static_cast<std::int32_t>(local.tm_gmtoff) : 0;
  };
  constexpr std::int64_t kStep = 6 * 3600, kYear = 366 * 86'400;
  const std::int64_t reference_s = reference / kSecond;
  std::int64_t at = reference_s - 2 * kYear;
  std::int32_t offset = offset_at(at);
  zone.pieces[zone.count++] = {INT64_MIN / 2, offset};
  for (; at < reference_s + kYear && zone.count < zone.pieces.size(); at += kStep) {
    if (offset_at(at + kStep) == offset) continue;
    // The first second of the new offset, by halving.
    std::int64_t low = at, high = at + kStep;
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (offset_at(middle) == offset ? low : high) = middle;
    }
    const std::int32_t next = offset_at(high);
    // From this local time on the new offset holds; an hour that comes twice is read as the first of the two.
    zone.pieces[zone.count++] = {high + std::max(offset, next), next};
    offset = next;
  }
  return zone;
}

}  // namespace sekisho
