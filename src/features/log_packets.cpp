// Counts firewall LOG lines by source.
#include "features/log_packets.h"

#include <bit>
#include <cmath>

#include "model/device_ports.h"

namespace sekisho {
namespace {

constexpr unsigned kBits = 128;

void set_bit(std::array<std::uint64_t, 2>& bits, std::uint64_t hash) { bits[hash >> 6 & 1] |= 1ULL << (hash & 63); }
// Things seen, from a bitmap of 128 bits; saturates near 600.
std::uint32_t count_of(const std::array<std::uint64_t, 2>& bits) {
  const auto used = static_cast<unsigned>(std::popcount(bits[0]) + std::popcount(bits[1]));
  if (used == 0) return 0;
  return static_cast<std::uint32_t>(std::lround(kBits * std::log(static_cast<double>(kBits) / std::max(1U, kBits - used))));
}

std::uint16_t local_port_of(const std::array<LogScanFact::Port, 8>& ports) { return ports[1].lines ? std::uint16_t{0} : ports[0].port; }

}  // namespace

LogPackets::LogPackets(HashKey key, std::size_t most_sources, std::vector<Address> publics) : key_(key), sources_(key, most_sources) {
  for (const auto& a : publics)
    if (is_v4(a)) publics_.push_back(v4_value(a));
  std::sort(publics_.begin(), publics_.end());
}

bool LogPackets::is_fingerprint(const LogEvent& e) const {
  return e.has_seq && is_v4(e.destination) &&
         (e.seq == v4_value(e.destination) || std::binary_search(publics_.begin(), publics_.end(), e.seq));
}

void LogPackets::on_event(const LogEvent& event, TimeNs now) {
  const Key key{log_source(event.source).base, event.direction};
  bool fresh = false;
  Entry& e = sources_.at(key, fresh, [&](const Key& old, Entry& gone) {
    if (evicted_hits_.size() < kMostPendingHits)
      gone.pending.move_to(evicted_hits_, log_source(old.source), LogService::firewall, old.direction, local_port_of(gone.first_ports));
  });
  if (fresh) e.first_seen = now;
  e.last_seen = now;
  const auto minute = static_cast<std::uint32_t>(now / kMinute);
  if (minute != e.minute) {
    e.ports_before = minute == e.minute + 1 ? e.ports_now : std::array<std::uint64_t, 2>{};
    e.ports_now = {};
    e.minute = minute;
  }
  e.lines += event.repeats;
  e.pending.add(now, event.repeats);
  e.destination = event.destination;
  e.ttl = event.ttl;
  e.prefix.set(event.prefix);
  set_bit(e.destinations, keyed_hash(key_, event.destination.high, event.destination.low));
  if (event.destination_port) {
    const auto hash = keyed_hash(key_, event.destination_port, event.protocol);
    set_bit(e.ports, hash), set_bit(e.ports_now, hash);
    for (auto& p : e.first_ports)
      if (p.lines == 0 || p.port == event.destination_port) {
        p.port = event.destination_port, p.lines += event.repeats;
        break;
      }
  }
  if (event.protocol == kTcp && (event.tcp_flags & (kSyn | kAck)) == kSyn) {
    e.syns += event.repeats;
    e.with_seq += event.has_seq;
    e.plain_syns += event.has_options_field && !event.has_tcp_options;
    e.device_port_syns += is_telling_port(event.destination_port);
    if (is_fingerprint(event)) ++e.fingerprint, e.pending.fingerprint = true;
  }
  if (!e.changed) e.changed = true, changed_.push_back(key);
  if (!e.has_hits) e.has_hits = true, with_hits_.push_back(key);
}

void LogPackets::restart(TimeNs now) {
  sources_.newest_first([&](const Key&, Entry& e) {
    e.ports_before = {}, e.ports_now = {};
    e.minute = static_cast<std::uint32_t>(now / kMinute);
    return true;
  });
}

LogScanFact LogPackets::fact(const Key& key, const Entry& e) const {
  LogScanFact f;
  f.direction = key.direction;
  f.source = log_source(key.source);
  f.destination = e.destination;
  f.first_seen = e.first_seen, f.last_seen = e.last_seen;
  f.lines = e.lines, f.new_lines = e.lines - e.reported;
  f.syns = e.syns, f.with_seq = e.with_seq, f.fingerprint = e.fingerprint, f.device_port_syns = e.device_port_syns;
  f.plain_syns = e.plain_syns;
  f.ports = count_of(e.ports);
  f.ports_minute = count_of({e.ports_before[0] | e.ports_now[0], e.ports_before[1] | e.ports_now[1]});
  f.destinations = count_of(e.destinations);
  f.ttl = e.ttl;
  f.first_ports = e.first_ports;
  f.prefix = e.prefix.view();
  return f;
}

void LogPackets::collect(std::vector<LogScanFact>& scans) {
  for (const auto& key : changed_) {
    Entry* e = sources_.find(key);
    if (!e || !e->changed) continue;
    scans.push_back(fact(key, *e));
    e->changed = false;
    e->reported = e->lines;
  }
  changed_.clear();
}

void LogPackets::take_hits(std::vector<LogHit>& out) {
  out.insert(out.end(), evicted_hits_.begin(), evicted_hits_.end());
  evicted_hits_.clear();
  for (const auto& key : with_hits_) {
    Entry* e = sources_.find(key);
    if (!e || !e->has_hits) continue;
    e->has_hits = false;
    e->pending.move_to(out, log_source(key.source), LogService::firewall, key.direction, local_port_of(e->first_ports));
  }
  with_hits_.clear();
}

void LogPackets::for_each(const std::function<void(const LogScanFact&)>& f) {
  sources_.newest_first([&](const Key& key, const Entry& e) {
    f(fact(key, e));
    return true;
  });
}

}  // namespace sekisho
