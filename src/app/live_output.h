// LiveOutput: what the running agent says: incidents as they change, a status line on a terminal, a last sentence.
#pragma once
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "app/terminal.h"
#include "incident/incidents.h"

namespace sekisho {

struct LiveCounts {
  std::uint64_t in = 0, out = 0;  // packets since the start, weights applied
  std::uint64_t drops = 0;        // frames that the kernel had no room for
};

// The agent's thread. Incidents go to stdout, as blocks of text or one JSON object a line; what is said about the agent itself goes to
// stdout too, but to stderr beside JSON; the status line goes to stderr and only to a terminal.
class LiveOutput {
 public:
  LiveOutput(bool json, ColorChoice color);

  void say(const std::string& sentence);
  // Opened, closed, opened again, or more severe than before: all else is only counted.
  void on_incident(IncidentChange change, const Incident& incident);
  // Redraws the status line; `seconds` since the last time.
  void status(const LiveCounts& now, double seconds);
  void last_words(const LiveCounts& total, DurationNs watched);

  Severity worst() const { return worst_; }  // of all incidents so far; info when there were none
  bool any() const { return seen_ > 0; }
  bool written() const { return std::ferror(stdout) == 0; }

 private:
  void clear_status();

  const bool json_, draws_;
  const TextStyle style_;
  bool drawn_ = false;
  LiveCounts before_;
  std::map<std::string, Severity> open_;  // by id: as it was last told
  std::uint64_t seen_ = 0;
  Severity worst_ = Severity::info;
};

}  // namespace sekisho
