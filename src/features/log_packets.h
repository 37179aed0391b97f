// LogPackets: the bounded table of what firewalls' LOG lines say about each source.
#pragma once
#include <functional>
#include <vector>

#include "features/bounded_table.h"
#include "features/log_source.h"

namespace sekisho {

class LogPackets {
 public:
  // `publics`: further addresses that the fingerprint is compared with (the host's addresses before NAT).
  LogPackets(HashKey key, std::size_t most_sources, std::vector<Address> publics);
  void on_event(const LogEvent& event, TimeNs now);
  void restart(TimeNs now);
  // Sources that changed since the last call, in order of first change.
  void collect(std::vector<LogScanFact>& scans);
  void take_hits(std::vector<LogHit>& out);
  void for_each(const std::function<void(const LogScanFact&)>& f);
  std::uint64_t evictions() const { return sources_.evictions(); }

 private:
  struct Key {
    Address source;
    Direction direction = Direction::ingress;
    friend bool operator==(const Key&, const Key&) = default;
  };
  friend std::uint64_t hash_of(const HashKey& hash_key, const Key& key) {
    return keyed_hash(hash_key, key.source.high ^ static_cast<std::uint64_t>(key.direction), key.source.low);
  }
  struct Entry {
    TimeNs first_seen = 0, last_seen = 0;
    std::uint64_t lines = 0, reported = 0;
    std::uint32_t syns = 0, with_seq = 0, fingerprint = 0, device_port_syns = 0, plain_syns = 0;
    std::uint32_t minute = 0;
    std::array<std::uint64_t, 2> ports{}, ports_before{}, ports_now{}, destinations{};  // linear-counting bitmaps; before and now: by minute
    std::array<LogScanFact::Port, 8> first_ports{};
    Address destination;
    std::uint8_t ttl = 0;
    bool changed = false, has_hits = false;
    ShortText<30> prefix;
    PendingHits pending;
  };
  LogScanFact fact(const Key& key, const Entry& e) const;
  bool is_fingerprint(const LogEvent& event) const;

  HashKey key_;
  BoundedTable<Key, Entry> sources_;
  std::vector<std::uint32_t> publics_;  // IPv4, sorted
  std::vector<Key> changed_, with_hits_;
  std::vector<LogHit> evicted_hits_;
};

}  // namespace sekisho
