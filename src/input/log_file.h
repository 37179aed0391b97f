// LogFile: a log file that others write, rotate, compress and truncate. Nothing is read twice, nothing that was written is lost.
#pragma once
#include <memory>
#include <optional>

#include "input/line_source.h"

namespace sekisho {

struct LogFileOptions {
  LineForm form = LineForm::text;
  std::uint32_t input = 0;    // LogLine::input
  bool predecessors = false;  // begin with FILE.2.gz, FILE.1 … when no position is remembered
  TimeNs not_before = 0;      // predecessors last written before this are left out; 0 = none is
  bool follow = false;        // at the end wait for more, through rotations; else the end is the end
  bool from_end = false;      // follow: only what is written from now on
  std::string position;       // of remember(); empty = none
};

// Plain files, packed ones (gzip, zstd, xz) that are read once, and standard input. One thread.
class LogFile final : public LineSource {
 public:
  // "-" is standard input. A file that is missing is an error unless it is to be followed.
  static Result<std::unique_ptr<LogFile>> open(const std::string& path, LogFileOptions options);
  ~LogFile() override;
  LineState next(LogLine& out) override;
  const std::string& name() const override;
  const LineStats& stats() const override;
  void remember(LogPositions& positions) const override;

 private:
  struct State;
  explicit LogFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// FILE's rotated predecessors beside it, oldest first: FILE.2.gz, FILE.1, FILE-20240101.xz, …
std::vector<std::string> rotated_predecessors(const std::string& path);

}  // namespace sekisho
