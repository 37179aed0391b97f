// `sekisho scanners`: who scanned this host, and which ports.
#pragma once
#include "app/history.h"

namespace sekisho {

struct ScannersCommand {
  ReadOptions read;
  std::optional<std::uint16_t> port;
  std::optional<std::string> label, source;
  std::size_t top = 20;
  bool csv = false;
};
int run_scanners(const ScannersCommand& command);

}  // namespace sekisho
