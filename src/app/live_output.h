// LiveOutput: what the running agent says: incidents as they change, a status line on a terminal, a last sentence.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

#include "app/sink.h"
#include "app/terminal.h"
#include "app/worker.h"

namespace sekisho {

// Under systemd everything goes to the journal, with fields. Otherwise incidents go to stdout, as blocks of text or one JSON object a line;
// what is said about the agent itself goes to stdout too, but to stderr beside JSON; the status line goes to stderr and only to a terminal.
// A thread of its own writes, so that a reader that has stopped reading delays nothing. say() and last_words() only before the first and
// after the last notice.
class LiveOutput final : public Sink {
 public:
  LiveOutput(bool json, ColorChoice color);
  ~LiveOutput() override { finish(); }

  void say(const std::string& sentence);
  void last_words(DurationNs watched);

  // Opened, closed, opened again, or more severe than before: all else is only counted.
  void on_incident(const IncidentNotice& notice) override;
  void on_second(const std::shared_ptr<const LiveSecond>& second) override;
  void finish() override { worker_.finish(); }

  // After finish().
  Severity worst() const { return worst_; }  // of all incidents so far; info when there were none
  bool any() const { return seen_ > 0; }
  bool written() const { return std::ferror(stdout) == 0; }

 private:
  void clear_status();
  void tell(const IncidentNotice& notice);
  static void tell_journal(const IncidentNotice& notice);
  void draw(const LiveSecond& second);

  const bool json_, journal_, draws_;
  const TextStyle style_;
  bool drawn_ = false;
  LiveSecond last_;
  std::uint64_t seen_ = 0;
  Severity worst_ = Severity::info;
  Worker worker_;
};

}  // namespace sekisho
