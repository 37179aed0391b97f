// sekisho analyze: capture files in, a report out.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/terminal.h"
#include "model/labels.h"

namespace sekisho {

struct AnalyzeOptions {
  std::vector<std::string> paths;  // files, folders, "-"
  std::vector<std::string> local, publics;
  std::optional<std::string> config;
  bool json = false, quiet = false, verbose = false;
  std::optional<std::string> html, eve, evidence;
  std::optional<Severity> fail_on;  // empty = the configuration's
  int jobs = 0;                     // 0 = the configuration's; there 0 = one for each processor, at most 4
  ColorChoice color = ColorChoice::automatic;
};

// Exit status: 0 nothing at or above fail_on, 1 something, 2 wrong usage or configuration, 3 nothing could be read.
int run_analyze(const AnalyzeOptions& options);

}  // namespace sekisho
