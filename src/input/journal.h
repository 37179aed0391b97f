// Journal: the systemd journal's entries of sshd and of the kernel, through libsystemd.
#pragma once
#include <memory>
#include <vector>

#include "input/line_source.h"

namespace sekisho {

struct JournalOptions {
  std::uint32_t input = 0;           // LogLine::input
  std::vector<std::string> files;    // journal files, or one folder of them; empty = this machine's
  TimeNs since = 0;                  // 0 = from the beginning
  bool follow = false;
  bool from_end = false;             // follow: only what is written from now on
  std::string position;              // of remember(): a cursor; empty = none
};

// One thread. Entries of sshd are believed only where the journal itself says that root's sshd wrote them.
class Journal final : public LineSource {
 public:
  static Result<std::unique_ptr<Journal>> open(JournalOptions options);
  // Is there a journal on this machine that may be read, with anything of sshd or the kernel in it?
  static bool usable();
  ~Journal() override;
  LineState next(LogLine& out) override;
  const std::string& name() const override;
  const LineStats& stats() const override;
  void remember(LogPositions& positions) const override;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sekisho
