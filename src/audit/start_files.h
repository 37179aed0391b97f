// What checks of start files share: one file's lines judged, recent files that no package owns.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/check.h"

namespace sekisho {

struct StartFile {
  std::string path;
  FileInfo info;
};

// The regular files of a folder (links followed), by name; at most 10,000.
std::vector<StartFile> start_files(HostView& host, const std::string& folder);

// Judges every line of the file (only those that `relevant` takes, with what it returns as the command) and adds a finding for the worst.
// `what` names the kind: "cron job". True when something was found.
bool judge_lines(HostView& host, const std::string& path, std::string_view what, const std::string& remove_command,
                 const std::function<std::string_view(std::string_view line)>& relevant, Findings& out);

// Files that were changed recently and belong to no package: one low finding for each.
void judge_recent(HostView& host, const std::vector<StartFile>& files, std::string_view what, Findings& out);

// A command that takes a file out of the way and keeps it: "mv /etc/cron.d/x /root/x.suspect".
std::string set_aside(std::string_view path);
std::string bring_back(std::string_view path);

}  // namespace sekisho
