// `sekisho incidents`: what was found, newest first; with --follow what is found.
#pragma once
#include "app/history.h"
#include "app/terminal.h"

namespace sekisho {

struct IncidentsCommand {
  ReadOptions read;
  std::optional<std::string> kind, direction, label, subject;
  std::string severity = "info";
  bool open = false, follow = false;
  std::size_t limit = 100;
  ColorChoice color = ColorChoice::automatic;
};
int run_incidents(const IncidentsCommand& command);

}  // namespace sekisho
