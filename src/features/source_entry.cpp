// Pending first contacts of one source, and the fact that is made of an entry.
#include "features/source_entry.h"

namespace sekisho {
namespace {

unsigned total(const PendingSeconds& p) { return static_cast<unsigned>(p[0] + p[1] + p[2] + p[3]); }

unsigned shift(PendingSeconds& p, std::uint32_t seconds) {
  unsigned fallen = 0;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(seconds, 4); ++i) {
    fallen += p[3];
    p = {0, p[0], p[1], p[2]};
  }
  return fallen;
}

bool fail(SourceEntry& e, unsigned tcp, unsigned udp) {
  saturating_add(e.failures, tcp);
  saturating_add(e.udp_failures, udp);
  walk_failed(e, tcp);
  return tcp + udp != 0;
}

void update_flags(SourceEntry& e) {
  e.flags = static_cast<std::uint16_t>(e.flags & ~(kSourcePendingTcp | kSourcePendingUdp));
  if (total(e.pending) != 0) e.flags |= kSourcePendingTcp;
  if (total(e.pending_udp) != 0) e.flags |= kSourcePendingUdp;
}

}  // namespace

bool expire_pending(SourceEntry& e, std::uint32_t second) {
  if (second <= e.pending_second) return false;
  const auto seconds = second - e.pending_second;
  e.pending_second = second;
  if ((e.flags & (kSourcePendingTcp | kSourcePendingUdp)) == 0) return false;
  const unsigned tcp = shift(e.pending, seconds), udp = shift(e.pending_udp, seconds);
  update_flags(e);
  return fail(e, tcp, udp);
}

bool expire_at_end(SourceEntry& e, TimeNs now) {
  const auto second = static_cast<std::uint32_t>(now / kSecond);
  const bool expired = expire_pending(e, second);
  // A contact of the current second may still be on its way to an answer, unless nothing of this source was answered at all.
  const bool in_flight = e.successes != 0 && now % kSecond < kSecond / 2;
  const unsigned keep_tcp = in_flight ? e.pending[0] : 0, keep_udp = in_flight ? e.pending_udp[0] : 0;
  const unsigned tcp = total(e.pending) - keep_tcp, udp = total(e.pending_udp) - keep_udp;
  e.pending = {static_cast<std::uint8_t>(keep_tcp), 0, 0, 0};
  e.pending_udp = {static_cast<std::uint8_t>(keep_udp), 0, 0, 0};
  update_flags(e);
  return fail(e, tcp, udp) || expired;
}

SourceFact source_fact(const SourceEntry& e) {
  SourceFact f;
  f.remote = e.remote;
  f.first_seen = e.first_seen;
  f.last_seen = e.first_seen + e.last_seen_ms * kMillisecond;
  f.packets = e.packets;
  f.bytes = e.bytes;
  f.new_packets = e.new_packets;
  f.new_bytes = e.new_bytes;
  f.new_syns = e.new_syns;
  f.syns = e.syns;
  f.bare_syns = e.bare_syns;
  f.fingerprint_syns = e.fingerprint_syns;
  f.fingerprint_swapped = e.swapped;
  f.device_port_syns = e.device_port_syns;
  f.failures = e.failures;
  f.successes = e.successes;
  f.refused = e.refused;
  f.udp_contacts = e.udp_contacts;
  f.udp_failures = e.udp_failures;
  f.walk = e.walk * std::log(4.0);
  f.handshakes = e.handshakes;
  f.followups = e.followups;
  f.distinct_ports = linear_count<128>(static_cast<unsigned>(std::popcount(e.ports[0]) + std::popcount(e.ports[1])));
  f.distinct_locals = linear_count<64>(static_cast<unsigned>(std::popcount(e.locals)));
  const bool several = e.syns >= 3 && std::popcount(e.contacts) >= 2;  // the retries of one connection prove nothing
  f.constant_sport = several && (e.flags & kSourceSportVaries) == 0;
  f.constant_window = several && (e.flags & kSourceWindowVaries) == 0;
  f.sport = e.sport;
  f.window = e.window;
  f.ttl = e.ttl;
  f.tool = e.fingerprint_syns != 0                                      ? ScannerTool::mirai
           : e.zmap != 0 && e.zmap * 2U >= std::min(e.syns, 255U)       ? ScannerTool::zmap
           : e.masscan != 0 && e.masscan * 2U >= std::min(e.syns, 255U) ? ScannerTool::masscan
           : e.syns != 0 && e.bare_syns == 0                            ? ScannerTool::stack
                                                                        : ScannerTool::unknown;
  f.real_source = (e.flags & kSourceReal) != 0;
  f.last_local = e.last_local;
  for (std::size_t i = 0; i < e.ports_used; ++i) f.ports[i] = {e.port[i], e.port_syns[i]};
  return f;
}

}  // namespace sekisho
