// `sekisho show ID`: everything about one incident, or about one address.
#pragma once
#include "app/history.h"
#include "app/terminal.h"

namespace sekisho {

struct ShowCommand {
  ReadOptions read;
  std::string id;            // ULID, short form, or the end of either; or an address or network
  std::string bundle;        // file to write the forensic bundle to; empty: none
  bool abuse_reply = false;  // only the reply to a complaint
  ColorChoice color = ColorChoice::automatic;
};
int run_show(const ShowCommand& command);

}  // namespace sekisho
