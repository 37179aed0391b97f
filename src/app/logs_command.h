// sekisho logs: log files, the journal, firewall lines and databases of ulogd2, judged without an agent.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/terminal.h"
#include "model/labels.h"

namespace sekisho {

struct LogsOptions {
  std::vector<std::string> names;  // see LogInputOptions::names
  bool journal = false, follow = false, predecessors = false;
  std::optional<std::string> since, until, config, state;
  std::vector<std::string> publics;
  int year = 0;
  bool test = false, show_odd = false;
  bool json = false, jsonl = false, csv = false, quiet = false;
  int top = 20;
  std::optional<Severity> fail_on;
  ColorChoice color = ColorChoice::automatic;
};

// Exit status: 0 nothing at or above fail_on, 1 something, 2 wrong usage or configuration, 3 nothing could be read.
int run_logs(const LogsOptions& options);

}  // namespace sekisho
