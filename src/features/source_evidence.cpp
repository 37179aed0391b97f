// What packets say about a source: fingerprints and tools, first contacts and their answers, connections that follow a probe.
#include <algorithm>

#include "features/icmp_quote.h"
#include "features/source_groups.h"
#include "model/device_ports.h"

namespace sekisho {
namespace {

// IPv4 that an IPv6 address carries: NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
bool embedded_v4(const Address& a, std::uint32_t& out) {
  if (a.high == 0x0064ff9b00000000ULL && a.low >> 32 == 0) {
    out = static_cast<std::uint32_t>(a.low);
    return true;
  }
  if (a.high >> 48 == 0x2002) {
    out = static_cast<std::uint32_t>(a.high >> 16);
    return true;
  }
  return false;
}

}  // namespace

bool unasked_udp(const Packet& p) {
  const auto c = p.traffic_class;
  const bool traceroute = p.dport >= 33434 && p.dport <= 33690 && p.ttl <= 30;
  return c != TrafficClass::udp_answer && c != TrafficClass::dns_answer_unasked_other && c != TrafficClass::dhcp &&
         (c < TrafficClass::amp_first || c > TrafficClass::amp_last) && p.fragment != Fragment::later && !traceroute &&
         !is_multicast(p.dst);
}

bool has_evidence(const SourceEntry& e) {
  return e.fingerprint_syns != 0 || e.swapped != 0 || e.zmap != 0 || e.masscan != 0 || e.failures >= 3 || e.udp_failures >= 3 ||
         e.followups != 0 || (e.flags & kSourceTelling) != 0;
}

Sources::Contact Sources::contact_of(const Address& local, std::uint8_t protocol, std::uint16_t port) const {
  const auto l = keyed_hash(key_, local.high, local.low);
  const auto c = fold_multiply(l ^ key_.b, (std::uint64_t{protocol} << 16 | port) ^ key_.a);
  const auto p = fold_multiply(port ^ key_.b, 0xe7037ed1a0b428dbULL);
  return {static_cast<std::uint32_t>(c >> 58 | l >> 58 << 8 | p >> 57 << 16)};
}

void Sources::first_contact(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  const bool udp = packet.protocol == kUdp;
  const auto contact = place.judged ? place.contact : contact_of(packet.dst, packet.protocol, packet.dport);
  e.ports[contact.port() >> 6] |= 1ULL << (contact.port() & 63);
  e.locals |= 1ULL << contact.local();
  e.last_local = packet.dst;
  if ((e.contacts & contact.bit()) != 0) return;  // a retry, or one that happens to share the bit
  // A full bitmap would take new contacts for old ones: start it anew. What waits keeps waiting in the buckets.
  if (std::popcount(e.contacts) >= 32) e.contacts = e.resolved = 0;
  e.contacts |= contact.bit();
  if (udp) saturating_add(e.udp_contacts, 1);
  if (const auto second = source_second(packet.time); second > e.pending_second) expire_pending(e, second);
  auto& pending = (udp ? e.pending_udp : e.pending)[0];
  saturating_add(pending, 1);
  e.flags |= udp ? kSourcePendingUdp : kSourcePendingTcp;
  if ((e.contacts & (e.contacts - 1)) != 0) {  // two and more
    place.rank_at_least(kRankWaiting);
    watch(place);
  }
  if (has_evidence(e)) changed(place);
}

void Sources::resolve(const Place& place, const Contact& contact, bool udp, bool success) {
  auto& e = *place.entry;
  if ((e.contacts & contact.bit()) == 0 || (e.resolved & contact.bit()) != 0) return;
  e.resolved |= contact.bit();
  auto& pending = udp ? e.pending_udp : e.pending;
  // Answers are fast: the newest that waits is taken for the one that was answered.
  const auto waiting = std::find_if(pending.begin(), pending.end(), [](std::uint8_t n) { return n != 0; });
  const bool late = waiting == pending.end();  // it was counted as unanswered already
  if (!late) --*waiting;
  if (std::all_of(pending.begin(), pending.end(), [](std::uint8_t n) { return n == 0; }))
    e.flags = static_cast<std::uint16_t>(e.flags & ~(udp ? kSourcePendingUdp : kSourcePendingTcp));
  if (success) {
    if (!udp) {
      saturating_add(e.successes, 1);
      walk_succeeded(e);
    }
  } else {
    saturating_add(e.refused, 1);
    if (!late) {
      if (udp) {
        saturating_add(e.udp_failures, 1);
      } else {
        saturating_add(e.failures, 1);
        walk_failed(e, 1);
      }
    }
  }
  if (has_evidence(e)) changed(place);
}

void Sources::on_tcp(const Place& place, const Packet& packet, const ConnectionVerdict& connection) {
  if (!readable_tcp(packet)) return;
  auto& e = *place.entry;
  const auto flags = packet.tcp_flags;
  if (packet.direction == Direction::ingress) {
    if (opens_tcp(flags)) {
      on_syn(place, packet);
      return;
    }
    if (odd_probe(flags) && !connection.known) {
      first_contact(place, packet);
      return;
    }
    if (connection.handshake_completed) saturating_add(e.handshakes, 1);
    // Where our side is not captured, a client that sends data must have been answered.
    const bool goes_on = connection.established || !place.group->answers_seen;
    const bool answered = connection.handshake_completed || (goes_on && packet.payload_bytes != 0);
    if (answered) e.flags |= kSourceReal;
    if (answered && (e.flags & kSourceFollowArmed) != 0 && packet.dport == e.bare_port) {
      e.flags = static_cast<std::uint16_t>(e.flags & ~kSourceFollowArmed);
      saturating_add(e.followups, 1);
      changed(place);
    }
    if (answered && (e.flags & kSourcePendingTcp) != 0) resolve(place, contact_of(packet.dst, kTcp, packet.dport), false, true);
    return;
  }
  if ((e.flags & kSourcePendingTcp) == 0) return;
  if ((flags & kRst) != 0)
    resolve(place, contact_of(packet.src, kTcp, packet.sport), false, false);
  else if (connection.established && packet.payload_bytes != 0)
    resolve(place, contact_of(packet.src, kTcp, packet.sport), false, true);
}

void Sources::on_syn(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  saturating_add(e.syns, packet.weight);
  saturating_add(e.new_syns, packet.weight);
  if ((e.flags & kSourceSyn) == 0) {
    e.flags |= kSourceSyn;
    e.sport = packet.sport;
  } else if (e.sport != packet.sport) {
    e.flags |= kSourceSportVaries;
  }
  if ((e.flags & kSourceWindowKnown) == 0) {
    e.flags |= kSourceWindowKnown;
    e.window = packet.tcp_window;
  } else if (e.window != packet.tcp_window) {
    e.flags |= kSourceWindowVaries;
  }
  e.ttl = packet.ttl;
  const bool bare = packet.tcp_options == 0;
  const auto second = static_cast<std::uint16_t>(source_second(packet.time));
  if (bare) {
    saturating_add(e.bare_syns, packet.weight);
    e.bare_second = second;
    e.bare_port = packet.dport;
    e.flags = static_cast<std::uint16_t>(e.flags & ~kSourceFollowArmed);
  } else if (e.bare_syns != 0 && e.bare_port == packet.dport && static_cast<std::uint16_t>(second - e.bare_second) <= 10) {
    e.flags |= kSourceFollowArmed;
  }
  if (is_device_port(packet.dport)) saturating_add(e.device_port_syns, packet.weight);
  const auto marks = place.judged ? place.marks : marks_of(packet);
  if (marks.fingerprint) saturating_add(e.fingerprint_syns, packet.weight);
  if (marks.swapped) saturating_add(e.swapped, packet.weight);
  if (marks.zmap) saturating_add(e.zmap, packet.weight);
  if (marks.masscan) saturating_add(e.masscan, packet.weight);
  const auto first = e.port.begin();
  const auto found = std::find(first, first + e.ports_used, packet.dport);
  const auto i = static_cast<std::size_t>(found - first);
  if (i < e.port.size()) {
    if (i == e.ports_used) e.port[e.ports_used++] = packet.dport;
    saturating_add(e.port_syns[i], packet.weight);
  }
  first_contact(place, packet);
  const bool telling = bare && is_telling_port(packet.dport);
  if (telling) e.flags |= kSourceTelling;
  if (marks.any() || telling) changed(place);
}

Sources::Marks Sources::marks_of(const Packet& packet) const {
  Marks marks;
  std::uint32_t destination = 0;
  bool four = is_v4(packet.dst);
  if (four)
    destination = v4_value(packet.dst);
  else
    four = embedded_v4(packet.dst, destination);
  if (four) {
    marks.fingerprint =
        packet.tcp_seq == destination || (!publics_.empty() && std::binary_search(publics_.begin(), publics_.end(), packet.tcp_seq));
    marks.swapped = !marks.fingerprint && packet.tcp_seq == __builtin_bswap32(destination);
  } else {
    // Weak: no scanner is known to do this over IPv6, and small numbers match by chance.
    const auto tail = static_cast<std::uint32_t>(packet.dst.low);
    marks.swapped = packet.tcp_seq == tail && tail > 0xffff;
  }
  if (packet.family != 4) return marks;
  marks.zmap = packet.ip_id == 54321 && packet.tcp_window == 65535 && packet.tcp_options == 0;
  marks.masscan =
      packet.tcp_window == 1024 && packet.ip_id == static_cast<std::uint16_t>(v4_value(packet.dst) ^ packet.dport ^ packet.tcp_seq);
  return marks;
}

void Sources::on_udp(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  if (packet.direction == Direction::egress) {
    if (packet.fragment == Fragment::later) return;
    if (e.udp_contacts == 0) e.flags |= kSourceLocalUdpFirst;
    if ((e.flags & kSourcePendingUdp) != 0) resolve(place, contact_of(packet.src, kUdp, packet.sport), true, true);
    return;
  }
  if ((e.flags & kSourceLocalUdpFirst) == 0 && unasked_udp(packet)) first_contact(place, packet);
}

void Sources::on_unreachable(const Place& place, const Packet& packet) {
  auto& e = *place.entry;
  if ((e.flags & (kSourcePendingTcp | kSourcePendingUdp)) == 0) return;
  if (const auto quoted = quoted_packet(packet)) {
    resolve(place, contact_of(quoted->dst, quoted->protocol, quoted->dport), quoted->protocol == kUdp, false);
  }
}

}  // namespace sekisho
