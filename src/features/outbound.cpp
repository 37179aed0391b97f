// The recent attempts of local addresses.
#include "features/outbound.h"

#include <bit>

#include "base/check.h"
#include "features/amplification.h"
#include "features/icmp_quote.h"

namespace sekisho {
namespace {

constexpr std::size_t kWays = 4;
constexpr unsigned kRemembered = 60;  // seconds

using What = OutboundEvent::What;

std::uint16_t second_of(TimeNs t) { return static_cast<std::uint16_t>(t / kSecond); }

OutboundEvent event_of(const Packet& p, What what) {
  OutboundEvent e;
  e.index = p.index;
  e.time = p.time;
  e.local = local_address(p);
  e.remote = remote_address(p);
  e.weight = p.weight;
  e.host = p.host;
  e.port = remote_port(p);
  e.protocol = p.protocol;
  e.what = what;
  return e;
}

}  // namespace

OutboundWatch::OutboundWatch(HashKey key, std::size_t entries_per_group, unsigned first_group, unsigned groups)
    : key_{key}, first_group_{first_group}, per_group_{entries_per_group}, slots_(entries_per_group * groups) {
  check(std::has_single_bit(entries_per_group) && entries_per_group >= kWays, "outbound entries are a power of two");
}

std::uint64_t OutboundWatch::tag_of(std::uint64_t remote_hash, const Address& local, std::uint16_t local_port,
                                    std::uint16_t remote_port) const {
  const auto ports = std::uint64_t{local_port} << 16 | remote_port;
  return fold_multiply(remote_hash ^ local.low ^ std::rotl(local.high, 17), ports ^ key_.b);
}

OutboundWatch::Slot* OutboundWatch::find(std::uint64_t remote_hash, std::uint64_t tag, std::uint16_t second) {
  const auto base = (group_of(remote_hash) - first_group_) * per_group_ + (tag & (per_group_ / kWays - 1)) * kWays;
  for (std::size_t way = 0; way < kWays; ++way) {
    auto& s = slots_[base + way];
    if (s.state != State::empty && s.tag == tag >> 32 && static_cast<std::uint16_t>(second - s.second) <= kRemembered) return &s;
  }
  return nullptr;
}

void OutboundWatch::claim(std::uint64_t remote_hash, std::uint64_t tag, std::uint16_t second) {
  const auto base = (group_of(remote_hash) - first_group_) * per_group_ + (tag & (per_group_ / kWays - 1)) * kWays;
  auto* oldest = &slots_[base];
  for (std::size_t way = 0; way < kWays; ++way) {
    auto& s = slots_[base + way];
    if (s.state == State::empty) {
      oldest = &s;
      break;
    }
    if (static_cast<std::uint16_t>(second - s.second) > static_cast<std::uint16_t>(second - oldest->second)) oldest = &s;
  }
  *oldest = {static_cast<std::uint32_t>(tag >> 32), second, State::attempted};
}

std::optional<OutboundEvent> OutboundWatch::on_packet(const Packet& packet, const UdpVerdict& udp, std::uint64_t remote_hash) {
  if (!looks_at(packet, udp)) return std::nullopt;
  if (packet.family == 0 || packet.fragment == Fragment::later || packet.truncated) return std::nullopt;
  if (packet.protocol == kTcp) return on_tcp(packet, remote_hash);
  if (packet.protocol == kUdp) {
    if (packet.direction == Direction::ingress) return udp.answer ? std::optional{event_of(packet, What::answered)} : std::nullopt;
    if (udp.answer || is_multicast(packet.dst)) return std::nullopt;
    auto event = event_of(packet, What::attempt);
    event.peer_to_peer = is_peer_to_peer(packet);
    return event;
  }
  if (packet.direction != Direction::ingress) return std::nullopt;
  const auto quoted = quoted_packet(packet);
  if (!quoted) return std::nullopt;
  auto event = event_of(packet, What::refused);
  event.remote = quoted->dst;  // the error may come from a router on the way
  event.port = quoted->dport;
  event.protocol = quoted->protocol;
  return event;
}

std::optional<OutboundEvent> OutboundWatch::on_first_words(const Packet& packet, std::uint64_t remote_hash) {
  const bool peer_to_peer = is_peer_to_peer(packet);
  if (!peer_to_peer && !is_http_request(packet) && !is_tls_client_hello(packet)) return std::nullopt;
  auto* slot = find(remote_hash, tag_of(remote_hash, packet.src, packet.sport, packet.dport), second_of(packet.time));
  if (slot == nullptr || slot->state != State::settled) return std::nullopt;
  slot->state = State::spoke;
  return event_of(packet, peer_to_peer ? What::spoke_peer_to_peer : What::spoke_web);
}

std::optional<OutboundEvent> OutboundWatch::on_tcp(const Packet& packet, std::uint64_t remote_hash) {
  const auto second = second_of(packet.time);
  if (packet.direction == Direction::egress) {
    if (is_multicast(packet.dst)) return std::nullopt;
    if (packet.payload_captured != 0 && (packet.tcp_flags & kSyn) == 0) return on_first_words(packet, remote_hash);
    if ((packet.tcp_flags & (kSyn | kAck | kRst | kFin)) != kSyn) return std::nullopt;
    const auto tag = tag_of(remote_hash, packet.src, packet.sport, packet.dport);
    if (auto* slot = find(remote_hash, tag, second)) {
      slot->second = second;
      return std::nullopt;
    }
    claim(remote_hash, tag, second);
    auto event = event_of(packet, What::attempt);
    event.fingerprint = is_v4(packet.dst) && packet.tcp_seq == v4_value(packet.dst);
    return event;
  }
  const bool reset = (packet.tcp_flags & kRst) != 0;
  if (!reset && (packet.tcp_flags & (kSyn | kAck)) != (kSyn | kAck)) return std::nullopt;
  auto* slot = find(remote_hash, tag_of(remote_hash, packet.dst, packet.dport, packet.sport), second);
  if (slot == nullptr || slot->state != State::attempted) return std::nullopt;
  slot->state = State::settled;
  return event_of(packet, reset ? What::refused : What::answered);
}

}  // namespace sekisho
