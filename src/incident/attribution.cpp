// Each socket that fits gives points to its process; the one with most is named.
#include "incident/attribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "model/raw_socket_owners.h"

namespace sekisho {
namespace {

constexpr std::uint8_t kTcpSynSent = 2;
constexpr int kEnough = 10;

bool has_peer(const Incident& incident, const Address& remote, std::uint16_t port) {
  return std::any_of(incident.top_peers.begin(), incident.top_peers.end(),
                     [&](const PeerFact& p) { return p.address == remote && (p.port == 0 || port == 0 || p.port == port); });
}
bool has_port(const std::vector<PortFact>& ports, std::uint16_t port) {
  return std::any_of(ports.begin(), ports.end(), [&](const PortFact& p) { return p.port == port; });
}

struct Score {
  int points = 0;
  const char* by = "";
};

Score score_tcp(const Incident& incident, const HostSocket& s) {
  if (s.state == kTcpListen) return {};
  const bool peer = has_peer(incident, s.remote, s.remote_port);
  if (incident.kind == Kind::c2) return peer ? Score{100, "its socket is this connection"} : Score{};
  if (peer && has_port(incident.local_ports, s.local_port)) return {40, "it has a connection between these addresses and ports"};
  if (s.state == kTcpSynSent) {
    if (peer) return {20, "it is connecting to this address"};
    if (has_port(incident.remote_ports, s.remote_port)) return {10, "it is connecting to many addresses at this port"};
    return {};
  }
  return peer ? Score{12, "it has connections to this address"} : Score{};
}

Score score_udp(const Incident& incident, const HostSocket& s) {
  const bool connected = s.remote != Address{} && s.remote_port != 0;
  if (connected) return has_peer(incident, s.remote, s.remote_port) ? Score{60, "it has a UDP socket connected to this address"} : Score{};
  if (incident.local_ports.size() <= 8 && has_port(incident.local_ports, s.local_port))
    return {50, "the packets leave from the port of its UDP socket"};
  return {};
}

Score score_raw(const Incident& incident, const SocketSample& sample, const Process* process) {
  const HostSocket& s = sample.socket;
  const bool icmp = s.protocol == kIcmp || s.protocol == kIcmpv6;
  const bool of_icmp = incident.label.starts_with("icmp") || incident.label == "smurf";
  if (process && is_raw_socket_owner(*process)) {
    // ping is no suspect, but of a flood of pings it is the sender.
    if (of_icmp && icmp && s.kind == SocketKind::raw) return {kEnough, "it holds a raw ICMP socket"};
    return {};
  }
  if (s.kind == SocketKind::packet) return {15, "it holds a packet socket, through which any packet can be sent"};
  if (icmp && of_icmp) return {35, "it holds a raw ICMP socket"};
  return {icmp ? 5 : 30, "it holds a raw socket, through which any packet can be sent"};
}

bool is_raw(const SocketSample& s) { return s.socket.kind == SocketKind::raw || s.socket.kind == SocketKind::packet; }

Score score(const Incident& incident, const SocketSample& sample, const Process* process) {
  switch (sample.socket.kind) {
    case SocketKind::tcp: return score_tcp(incident, sample.socket);
    case SocketKind::udp: return incident.kind == Kind::c2 ? Score{} : score_udp(incident, sample.socket);
    default: return incident.kind == Kind::c2 ? Score{} : score_raw(incident, sample, process);
  }
}

}  // namespace

bool concerns(const Incident& incident, const SocketSample& sample) { return score(incident, sample, nullptr).points > 0; }

Attribution attribute(const Incident& incident, std::span<const OwnedSocket> sockets) {
  struct Candidate {
    int points = 0;
    Score best;
    std::size_t socket = 0;
    std::size_t sockets = 0;
  };
  std::map<std::int64_t, Candidate> by_pid;
  std::size_t ownerless = 0;
  const OwnedSocket* apart = nullptr;
  // Where somebody is seen connecting to the targets of a scan, holding a raw socket accuses nobody.
  const bool connecting = incident.kind == Kind::scan && std::any_of(sockets.begin(), sockets.end(), [&](const OwnedSocket& o) {
                            return o.process && !is_raw(*o.sample) && score(incident, *o.sample, o.process).points >= kEnough;
                          });
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    Score s = score(incident, *sockets[i].sample, sockets[i].process);
    if (s.points <= 0 || (connecting && is_raw(*sockets[i].sample))) continue;
    if (is_raw(*sockets[i].sample) && sockets[i].sample->apart) {  // nothing but its kind speaks for it, and its packets go elsewhere
      if (sockets[i].process) apart = &sockets[i];
      continue;
    }
    if (sockets[i].sample->socket.net_ns == 0) ++s.points;  // of equals, the one whose packets certainly pass here
    if (!sockets[i].process) {
      ++ownerless;
      continue;
    }
    Candidate& c = by_pid[sockets[i].process->pid];
    c.points += s.points, ++c.sockets;
    if (s.points > c.best.points) c.best = s, c.socket = i;
  }
  const Candidate* first = nullptr;
  const Candidate* second = nullptr;
  for (const auto& [pid, c] : by_pid) {
    if (!first || c.points > first->points)
      second = first, first = &c;
    else if (!second || c.points > second->points)
      second = &c;
  }
  if (first && first->points >= kEnough) {
    if (second && second->points == first->points && second->best.points == first->best.points) {
      // A program that starts a process for each target: all of them are one.
      const auto& one = *sockets[first->socket].process;
      std::size_t equal = 0, kin = 0;
      for (const auto& [pid, c] : by_pid) {
        if (c.points != first->points) continue;
        const auto& other = *sockets[c.socket].process;
        ++equal, kin += !one.exe.empty() && other.exe == one.exe && other.parent == one.parent && one.parent > 1;
      }
      if (kin == equal)
        return {first->socket, fmt::format("{}; it is one of {} processes of the same program that process {} started", first->best.by,
                                           equal, one.parent)};
      return {std::nullopt, fmt::format("the process is not known: {} processes fit equally well", by_pid.size())};
    }
    return {first->socket, first->sockets > 1 ? fmt::format("{} ({} such sockets)", first->best.by, first->sockets) : first->best.by};
  }
  if (ownerless)
    return {std::nullopt,
            "the process is not known: a socket fits, but who holds it cannot be read (it runs in another process "
            "namespace, or the agent lacks CAP_SYS_PTRACE)"};
  if (apart)
    return {std::nullopt,
            fmt::format("the process is not known: no open socket fits but a raw one of {} (process {}), in a network namespace "
                        "that no link joins to this one",
                        escape_hostile(apart->process->exe, 200), apart->process->pid)};
  return {std::nullopt, "the process is not known: no open socket fits, so it ended its socket before it was looked at"};
}

}  // namespace sekisho
