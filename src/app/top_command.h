// `sekisho top`: what happens now, second by second.
#pragma once
#include "app/history.h"
#include "app/terminal.h"

namespace sekisho {

struct TopCommand {
  ReadOptions read;                      // --json: one object a second
  std::optional<std::uint64_t> seconds;  // ends after so many; else at Ctrl-C or q
  ColorChoice color = ColorChoice::automatic;
};
int run_top(const TopCommand& command);

}  // namespace sekisho
