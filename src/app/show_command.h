// `sekisho show ID`: everything about one incident.
#pragma once
#include "app/history.h"
#include "app/terminal.h"

namespace sekisho {

struct ShowCommand {
  ReadOptions read;
  std::string id;  // ULID, short form, or the end of either
  ColorChoice color = ColorChoice::automatic;
};
int run_show(const ShowCommand& command);

}  // namespace sekisho
