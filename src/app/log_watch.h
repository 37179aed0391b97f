// LogWatch: the agent's own reading of logs: sshd, firewall lines, web servers, honeypots; incidents of it join those of packets.
#pragma once
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "app/incident_feed.h"
#include "app/log_pipeline.h"
#include "app/login_counts.h"
#include "input/line_source.h"

namespace sekisho {

struct LogWatchSettings {
  std::vector<std::string> sources;  // as in LogInputOptions::names; empty: what this machine has
  std::string positions;             // file that remembers where to go on; empty: none
  DurationNs past = 0;               // without positions: so much of what the logs hold already is read, for the history
  LogPipelineSettings pipeline;
};

// A thread of its own reads and judges; all members but resume() may be called by any thread.
class LogWatch {
 public:
  static Result<std::unique_ptr<LogWatch>> make(LogWatchSettings settings, const Config& config);
  ~LogWatch() { finish(); }
  // Incidents of the former run; before start().
  void resume(std::vector<Incident> known);
  // Where logins are kept, called by the thread every few seconds when there are new ones; before start().
  std::function<void(std::vector<LoginCount>)> keep;
  // Sources that went on, with the id of their open incident (empty: none), called by the thread as it reads; before start().
  std::function<void(const Offender&, const std::string& incident)> on_offender;
  void start();
  // What changed since the last call, in order.
  std::vector<IncidentNotice> take();
  // Closes nothing: what is open goes on after a restart. Remembers where it was.
  void finish();

  std::string status_json() const;                                              // reading, lines, events, failures, notes
  std::string logins_json(std::size_t limit, const std::string& filter) const;  // rows of the dashboard's view
  std::uint64_t failures() const;

 private:
  LogWatch(LogWatchSettings settings, std::unique_ptr<LogPipeline> pipeline);
  void run(const std::stop_token& stop);
  void read_past(LogPositions& positions, const std::stop_token& stop);
  void describe();
  void keep_logins();
  void tell(IncidentNotice notice);
  void tell_progress();
  bool is_past(TimeNs time) const;

  const LogWatchSettings settings_;
  std::unique_ptr<LogPipeline> pipeline_;  // the thread's
  IncidentFeed feed_;                      // the thread's
  LoginCounts counts_;                     // the thread's
  std::uint64_t events_kept_ = 0;          // the thread's
  std::set<std::string> past_;             // the thread's: incidents told as past only
  bool reading_past_ = false;              // the thread's
  struct Row {
    std::string source, service, note;
    std::uint64_t failures = 0, successes = 0, users = 0;
    TimeNs first = 0, last = 0;
  };
  mutable std::mutex mutex_;
  std::vector<IncidentNotice> notices_;
  std::vector<Row> rows_;
  std::vector<std::string> reading_, notes_;
  std::uint64_t lines_ = 0, events_ = 0, failures_ = 0;
  std::jthread thread_;
};

}  // namespace sekisho
