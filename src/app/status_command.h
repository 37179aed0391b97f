// `sekisho status`: is this host attacked, is the agent well, what needs doing.
#pragma once
#include "app/history.h"
#include "app/terminal.h"

namespace sekisho {

struct StatusCommand {
  ReadOptions read;
  bool baseline = false;
  ColorChoice color = ColorChoice::automatic;
};
// Exit status: 0 quiet and well; 1 an attack, or something in "# Health"; 3 the agent does not run.
int run_status(const StatusCommand& command);

}  // namespace sekisho
