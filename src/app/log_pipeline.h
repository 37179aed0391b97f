// LogPipeline: log lines in, incidents out; the twin of Pipeline for logs. `sekisho logs` and the agent run the same one.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "decode/log_decode.h"
#include "detect/log_detector.h"
#include "features/log_features.h"
#include "incident/incidents.h"
#include "input/line_source.h"

namespace sekisho {

struct LogPipelineSettings {
  LogZone zone;                 // of times without one
  int year = 0;                 // of the first line of dates without a year; 0 = found out
  TimeNs since = 0, until = 0;  // events outside are read, not counted; 0 = no bound
  IncidentSettings incidents;
  LogFeatureSettings features;
};

// What was read, beyond the incidents.
struct LogTally {
  std::uint64_t lines = 0, events = 0;
  std::uint64_t others = 0;                         // lines of other programs, and of no interest
  std::uint64_t unknown = 0;                        // of no known form
  std::uint64_t odd = 0;                            // that look forged
  std::uint64_t unnamed = 0;                        // failures and probes whose source is not certain
  std::uint64_t outside = 0;                        // before --since or after --until
  std::uint64_t without_time = 0;                   // events without a time of their own: they count as the last one's
  std::uint64_t clock_set_back = 0;                 // the lines' clock went back more than ten minutes: windows began anew
  TimeNs first = 0, last = 0;                       // of the events
  std::map<std::string_view, std::uint64_t> rules;  // how many lines each form took
};

// One thread.
class LogPipeline {
 public:
  static Result<std::unique_ptr<LogPipeline>> make(LogPipelineSettings settings, const Config& config);

  // Incidents of the program's former run, before the first line; see Incidents::resume.
  void resume(std::vector<Incident> known) { incidents_.resume(std::move(known)); }
  // Reads every source to its end, merged by the times of their lines. False when `stop` was requested.
  bool run(const std::vector<LineSource*>& sources, const std::function<bool()>& stop);
  // Reads what is there now, at most `most` lines; true if there was something.
  bool poll(const std::vector<LineSource*>& sources, std::size_t most = 10'000);
  // Live: no line came for a while and it is `now`: closes what is over.
  void advance(TimeNs now);
  // The sources ended.
  void finish();

  // Each line and what became of it, before it is counted (--test, --show-odd).
  std::function<void(const LogLine&, LineVerdict, const LogEvent&)> on_line;
  std::function<void(const IncidentEvent&)> on_incident;
  // Sources that went on in a step, each with its open incident (null: it has none).
  std::function<void(const Offender&, const Incident*)> on_offender;

  const LogTally& tally() const { return tally_; }
  TimeNs now() const { return now_; }  // of the lines; 0: there was none
  std::vector<const Incident*> open_incidents() const { return incidents_.open(); }
  LogFeatures& features() { return features_; }
  std::vector<Incident> take_incidents() { return incidents_.take_all(); }

 private:
  struct Lane;
  LogPipeline(LogPipelineSettings settings);
  LineVerdict decode(const LogLine& line, LogClock& clock, LogEvent& event);
  void take(const LogLine& line, LineVerdict verdict, LogEvent& event);
  void close_step(bool last);
  LogClock& clock_of(std::uint32_t input);

  LogPipelineSettings settings_;
  LogFeatures features_;
  std::vector<std::unique_ptr<LogDetector>> detectors_;
  Incidents incidents_;
  std::vector<LogClock> clocks_;  // by input
  std::vector<Finding> findings_;
  std::vector<Offender> offenders_;
  LogTally tally_;
  std::string_view last_rule_;
  std::uint64_t* last_rule_count_ = nullptr;
  bool started_ = false, something_ = false;
  std::int64_t step_ = 0;  // the open step: time / kLogStep
  TimeNs now_ = 0;
};

// The zone of this machine from two years before `reference` to one after it.
LogZone local_zone(TimeNs reference);

}  // namespace sekisho
