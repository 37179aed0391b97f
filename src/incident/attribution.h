// Attribution: which process most likely causes an outbound incident, from the sockets that are open. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "model/incident.h"
#include "model/socket_sample.h"

namespace sekisho {

struct OwnedSocket {
  const SocketSample* sample = nullptr;
  const Process* process = nullptr;  // nullptr: nobody known
};

struct Attribution {
  std::optional<std::size_t> socket;  // index of the owner's best socket; empty: nobody stands out
  std::string reason;                 // one clause: by what, or why not
};

// Programs that ordinarily hold raw or packet sockets (model/raw_socket_owners.h) are not accused by these.
Attribution attribute(const Incident& incident, std::span<const OwnedSocket> sockets);
// Whether a socket could have something to do with the incident: for whose owners it is worth to look.
bool concerns(const Incident& incident, const SocketSample& sample);

}  // namespace sekisho
