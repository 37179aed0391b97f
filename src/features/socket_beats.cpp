// From two looks at a socket to what was said on it in between.
#include "features/socket_beats.h"

#include <algorithm>
#include <unordered_set>

namespace sekisho {
namespace {

// More than this in one segment is data, not a keepalive; a connection that carries it begins anew.
constexpr std::uint64_t kMostBeatBytes = 64;
constexpr std::size_t kMostBeating = 16'384;

// Each network namespace has ports of its own; the inode numbers of namespaces have 32 bits.
std::uint64_t listener(const HostSocket& s, bool v6) { return s.net_ns << 17 | std::uint64_t{v6} << 16 | s.local_port; }

// Protocols that keep their connections alive with a few bytes, by the server's port: without packets the bytes cannot tell them apart.
BenignBeat kept_alive_by(std::uint16_t port) {
  switch (port) {
    case 22: return BenignBeat::ssh;
    case 179: return BenignBeat::bgp;
    case 1883:
    case 8883: return BenignBeat::mqtt;
    case 3306: return BenignBeat::mysql;
    case 4222: return BenignBeat::nats;
    case 5432: return BenignBeat::postgres;
    case 5671:
    case 5672: return BenignBeat::amqp;
    case 6379: return BenignBeat::redis;
    case 6667:
    case 6697: return BenignBeat::irc;
    case 61613:
    case 61614: return BenignBeat::stomp;
    default: return BenignBeat::none;
  }
}

bool is_loopback(const Address& a) { return is_v4(a) ? v4_value(a) >> 24 == 127 : a == Address{0, 1}; }

}  // namespace

void SocketBeats::forget(Known& known) {
  if (known.beating < 0) return;
  free_.push_back(known.beating);
  known.beating = -1;
}

bool SocketBeats::beat(const SocketSample& sample, Known& known, std::uint32_t segments, std::uint64_t bytes) {
  if (bytes == 0 || bytes > kMostBeatBytes * segments) {
    forget(known);
    return false;
  }
  if (known.beating < 0) {
    if (free_.empty() && beating_.size() >= kMostBeating) return ++not_followed_, false;
    if (free_.empty())
      beating_.emplace_back(), known.beating = static_cast<std::int32_t>(beating_.size() - 1);
    else
      known.beating = free_.back(), free_.pop_back();
    auto& fact = beating_[static_cast<std::size_t>(known.beating)].fact = ConnectionFact{};
    const HostSocket& s = sample.socket;
    fact.local = s.local, fact.remote = s.remote, fact.local_port = s.local_port, fact.remote_port = s.remote_port;
    fact.outbound = fact.established = true;
    fact.opened = known.first_seen;
    fact.benign = kept_alive_by(s.remote_port);
  }
  auto& fact = beating_[static_cast<std::size_t>(known.beating)].fact;
  auto& ring = fact.last_beats;
  if (fact.beats >= ring.size()) std::shift_left(ring.begin(), ring.end(), 1);
  ring[std::min<std::size_t>(fact.beats, ring.size() - 1)] = {sample.last_sent,
                                                              static_cast<std::uint16_t>((bytes + segments / 2) / segments)};
  ++fact.beats;
  fact.last_seen = std::max(sample.last_sent, sample.last_received);
  fact.packets_out = sample.segments_sent, fact.packets_in = sample.segments_received;
  fact.payload_out = sample.bytes_sent, fact.payload_in = sample.bytes_received;
  return fact.beats >= 2;
}

const ConnectionFact* SocketBeats::beats_of(std::uint64_t inode) const {
  const auto at = known_.find(inode);
  if (at == known_.end() || at->second.beating < 0) return nullptr;
  const auto& fact = beating_[static_cast<std::size_t>(at->second.beating)].fact;
  return fact.beats >= 2 ? &fact : nullptr;
}

std::vector<ConnectionFact> SocketBeats::on_snapshot(const SocketSnapshot& snapshot) {
  ++number_;
  std::unordered_set<std::uint64_t> listening;
  for (const auto& sample : snapshot.sockets)
    if (sample.socket.kind == SocketKind::tcp && sample.socket.state == kTcpListen)
      listening.insert(listener(sample.socket, sample.socket.v6));
  // A listener of IPv6 takes IPv4 too, as ::ffff:a.b.c.d of the other family.
  const auto served = [&](const HostSocket& s) { return listening.contains(listener(s, false)) || listening.contains(listener(s, true)); };

  std::vector<ConnectionFact> facts;
  for (const auto& sample : snapshot.sockets) {
    const HostSocket& s = sample.socket;
    if (s.kind != SocketKind::tcp || s.state != kTcpEstablished || !sample.counted || s.inode == 0) continue;
    if (is_loopback(s.remote) || served(s)) continue;
    const bool full = known_.size() >= kMaxConnections && !known_.contains(s.inode);
    if (full) {
      ++not_followed_;
      continue;
    }
    const auto [at, fresh] = known_.try_emplace(s.inode);
    Known& known = at->second;
    const auto segments = sample.segments_sent - known.segments_sent;
    const auto bytes = sample.bytes_sent - known.bytes_sent;
    const bool went_back = !fresh && (sample.segments_sent < known.segments_sent || sample.bytes_sent < known.bytes_sent);
    const bool spoke = segments > 0;
    if (fresh || went_back) {
      forget(known);
      // What was said before the first look has only its last time; its size is the mean of all, right when all were alike.
      known.first_seen = snapshot.time;
    }
    known.bytes_sent = sample.bytes_sent, known.bytes_received = sample.bytes_received;
    known.segments_sent = sample.segments_sent;
    known.seen = number_;
    if (spoke && !went_back && beat(sample, known, segments, bytes))
      facts.push_back(beating_[static_cast<std::size_t>(known.beating)].fact);
  }
  for (auto at = known_.begin(); at != known_.end();) {
    if (at->second.seen == number_) {
      ++at;
      continue;
    }
    forget(at->second);
    at = known_.erase(at);
  }
  return facts;
}

}  // namespace sekisho
