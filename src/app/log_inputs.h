// Which logs are read: what the command line names, or what this machine has.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "input/line_source.h"

namespace sekisho {

struct LogInputOptions {
  // Files, "-", "ulogd:WHAT[#TABLE]", "journal:FILE-OR-FOLDER", "kmsg:FILE", /dev/kmsg. Empty: what this machine has.
  std::vector<std::string> names;
  bool journal = false;  // this machine's journal, beside `names`
  bool follow = false;
  bool from_end = false;      // follow: nothing of the past
  bool predecessors = false;  // of files that are named; those that are found by themselves are always read with them
  TimeNs since = 0;
  std::uint32_t first_input = 0;            // LogLine::input of the first source
  const LogPositions* positions = nullptr;  // where to go on; nullptr = from the beginning
};

struct LogInputs {
  std::vector<std::unique_ptr<LineSource>> sources;
  std::vector<std::string> unreadable;  // sentences about those that were found but may not be read
  std::vector<LineSource*> list() const;
};

// An error when a named one cannot be read, or when nothing at all can.
Result<LogInputs> open_log_inputs(const LogInputOptions& options);

// The logs that this machine has, in the form of LogInputOptions::names: the journal if it holds sshd or the kernel, else the files of
// syslog; web servers' access logs beside them. `root` is put in front of the paths (tests).
std::vector<std::string> found_logs(const std::string& root, bool journal_usable);

}  // namespace sekisho
