// `sekisho doctor`: what the agent needs, what is there, and what to do about the rest.
#pragma once
#include "app/history.h"
#include "app/terminal.h"

namespace sekisho {

struct DoctorCommand {
  ReadOptions read;
  ColorChoice color = ColorChoice::automatic;
};
// Exit status: 0 all is well (remarks aside); 1 something does not work; 2 the configuration is wrong.
int run_doctor(const DoctorCommand& command);

}  // namespace sekisho
