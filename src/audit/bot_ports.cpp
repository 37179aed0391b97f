// The ports by which bots know themselves: 48101 and 23448 bound on an infected host, 48101 of a report server (FACTS B2).
#include <fmt/format.h>

#include "audit/check.h"
#include "audit/describe.h"

namespace sekisho {
namespace {

constexpr std::string_view kIsolate =
    "sekisho contain --host --for 1d --dry-run   # isolate the network first, then the same without --dry-run; leave the host powered\n"
    "# keep the evidence, then re-image the host from a known-good snapshot";

void run(HostView& host, Findings& out) {
  if (!host.has_sockets()) {
    out.push_back({.key = "ports", .state = AuditState::unknown, .title = "an image has no sockets: nothing to tell about bots' ports"});
    return;
  }
  bool found = false;
  for (const auto& s : host.sockets()) {
    if (s.kind != SocketKind::tcp) continue;
    const bool bound = s.state == kTcpListen && (s.local_port == 48101 || s.local_port == 23448);
    const bool reports = s.remote_port == 48101 && s.state != kTcpListen && !is_loopback(s.remote);
    if (!bound && !reports) continue;
    found = true;
    out.push_back(
        {.key = bound ? describe(s) : fmt::format("tcp to {}:48101", to_string(s.remote)),
         .state = AuditState::critical,
         .title = bound ? fmt::format("port {} is listening: bots of the Mirai family bind it so that only one of them runs", s.local_port)
                        : fmt::format("a connection to {}:48101: there bots report hosts that they broke into", to_string(s.remote)),
         .evidence = {describe(s), describe_holders(host, s)},
         .why = "No ordinary service uses these ports. A bot on this host scans and attacks others in your name.",
         .fix = std::string{kIsolate},
         .undo = "sekisho contain list; sekisho contain release ID",
         .infection = true});
  }
  if (!found) out.push_back({.key = "ports", .title = "nothing listens on 48101 or 23448, and nothing is connected to port 48101"});
}

const Register<CheckSpec> reg{{"bot_ports", "listeners and connections on the ports of bots themselves: 48101, 23448", run}};

}  // namespace
}  // namespace sekisho
