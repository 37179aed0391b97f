// Chooses among the live sources.
#include "app/live_source.h"

#include <algorithm>

#include "input/interfaces.h"
#include "input/packet_socket.h"

namespace sekisho {

Result<std::vector<std::string>> interfaces_to_watch(const CaptureSettings& capture) {
  std::vector<std::string> chosen;
  for (const auto& name : capture.interfaces)
    if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) chosen.push_back(name);
  if (chosen.empty()) chosen = default_interfaces();
  if (chosen.empty()) return Error{"no interface is up: say which one to watch with --interface, for example --interface lo"};
  return chosen;
}

Result<std::unique_ptr<Source>> open_source(const CaptureSettings& capture) {
  if (capture.mode == "xdp" || capture.mode == "tc")
    return Error{"[capture] mode = \"" + capture.mode + "\" is not in this version: write \"auto\" or \"packet_socket\"", ErrorKind::usage};
  auto source = TRY(PacketSocket::open(capture.interfaces));
  return std::unique_ptr<Source>{std::move(source)};
}

}  // namespace sekisho
