// The recent attempts of local addresses.
#include "features/outbound.h"

#include <bit>

#include "base/check.h"
#include "features/icmp_quote.h"

namespace sekisho {
namespace {

constexpr std::size_t kWays = 4;
constexpr unsigned kRemembered = 60;  // seconds

std::uint16_t second_of(TimeNs t) { return static_cast<std::uint16_t>(t / kSecond); }

OutboundEvent event_of(const Packet& p, OutboundEvent::What what) {
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

std::uint64_t OutboundWatch::tag_of(std::uint64_t remote_hash, const Address& local, std::uint16_t local_port, std::uint16_t remote_port,
                                    std::uint8_t protocol) const {
  const auto ports = std::uint64_t{local_port} << 32 | std::uint64_t{remote_port} << 16 | protocol;
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

OutboundWatch::Slot& OutboundWatch::claim(std::uint64_t remote_hash, std::uint64_t tag, std::uint16_t second) {
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
  return *oldest;
}

std::optional<OutboundEvent> OutboundWatch::on_packet(const Packet& packet, std::uint64_t remote_hash) {
  switch (packet.protocol) {
    case kTcp:
      if ((packet.tcp_flags & (kSyn | kRst)) == 0) return std::nullopt;
      break;
    case kUdp: break;
    case kIcmp:
    case kIcmpv6:
      if (packet.direction != Direction::ingress || !is_unreachable(packet)) return std::nullopt;
      break;
    default: return std::nullopt;
  }
  if (packet.family == 0 || packet.fragment == Fragment::later || packet.truncated) return std::nullopt;
  return packet.direction == Direction::egress ? outgoing(packet, remote_hash) : incoming(packet, remote_hash);
}

std::optional<OutboundEvent> OutboundWatch::outgoing(const Packet& packet, std::uint64_t remote_hash) {
  const bool tcp = packet.protocol == kTcp;
  if (tcp && (packet.tcp_flags & (kSyn | kAck | kRst | kFin)) != kSyn) return std::nullopt;
  if (is_multicast(packet.dst)) return std::nullopt;
  const auto second = second_of(packet.time);
  const auto tag = tag_of(remote_hash, packet.src, tcp ? packet.sport : 0, packet.dport, packet.protocol);
  if (auto* slot = find(remote_hash, tag, second)) {
    slot->second = second;
    return std::nullopt;
  }
  claim(remote_hash, tag, second);
  auto event = event_of(packet, OutboundEvent::What::attempt);
  event.fingerprint = tcp && is_v4(packet.dst) && packet.tcp_seq == v4_value(packet.dst);
  return event;
}

std::optional<OutboundEvent> OutboundWatch::incoming(const Packet& packet, std::uint64_t remote_hash) {
  const auto second = second_of(packet.time);
  if (packet.protocol == kTcp) {
    const bool reset = (packet.tcp_flags & kRst) != 0;
    if (!reset && (packet.tcp_flags & (kSyn | kAck)) != (kSyn | kAck)) return std::nullopt;
    auto* slot = find(remote_hash, tag_of(remote_hash, packet.dst, packet.dport, packet.sport, kTcp), second);
    if (slot == nullptr || slot->state != State::attempted) return std::nullopt;
    slot->state = State::settled;
    return event_of(packet, reset ? OutboundEvent::What::refused : OutboundEvent::What::answered);
  }
  if (packet.protocol == kUdp) {
    const auto tag = tag_of(remote_hash, packet.dst, 0, packet.sport, kUdp);
    auto* slot = find(remote_hash, tag, second);
    if (slot == nullptr) {
      claim(remote_hash, tag, second).state = State::remote_first;  // what we send back is an answer, no attempt
      return std::nullopt;
    }
    slot->second = second;
    if (slot->state != State::attempted) return std::nullopt;
    slot->state = State::settled;
    return event_of(packet, OutboundEvent::What::answered);
  }
  // ICMP unreachable from the target itself; from a router on the way its remote address lies in another group: not looked for.
  const auto quoted = quoted_packet(packet);
  if (!quoted || quoted->dst != packet.src) return std::nullopt;
  const auto local_port = quoted->protocol == kTcp ? quoted->sport : std::uint16_t{0};
  auto* slot = find(remote_hash, tag_of(remote_hash, packet.dst, local_port, quoted->dport, quoted->protocol), second);
  if (slot == nullptr || slot->state != State::attempted) return std::nullopt;
  slot->state = State::settled;
  auto event = event_of(packet, OutboundEvent::What::refused);
  event.port = quoted->dport;
  event.protocol = quoted->protocol;
  return event;
}

}  // namespace sekisho
