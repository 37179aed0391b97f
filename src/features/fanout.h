// Fanout: what local addresses do to many remote ones: attempts, answers, refusals and distinct targets within 10 and 60 seconds.
#pragma once
#include <array>
#include <cstddef>
#include <vector>

#include "base/distinct.h"
#include "base/hash.h"
#include "base/huge_pages.h"
#include "model/source_fact.h"

namespace sekisho {

// A local address's first contact with a remote one, or the answer to it. Emitted by shards, replayed in order of `index`.
struct OutboundEvent {
  // The last two: what a local client said first to one that answered (over UDP with the attempt itself, also peer_to_peer).
  enum class What : std::uint8_t { attempt, answered, refused, spoke_web, spoke_peer_to_peer };
  std::uint64_t index = 0;
  TimeNs time = 0;
  Address local, remote;
  std::uint32_t weight = 1;
  std::uint16_t host = 0, port = 0;  // remote port
  std::uint8_t protocol = 0;
  What what = What::attempt;
  bool fingerprint = false;
  bool peer_to_peer = false;  // UDP: the attempt's own payload
};

// Serial. Keys: (local, protocol, remote port) and (local, protocol, 0) for all ports. Buckets of four; a full bucket gives up the key
// with the fewest recent attempts. About 5 KiB an entry.
class Fanout {
 public:
  // Facts are made for keys with at least so many attempts in 10 s (60 in 60 s), or with the Mirai fingerprint.
  static constexpr std::uint64_t kMinAttempts = 10;

  Fanout(HashKey key, std::size_t entries);  // a power of two, at least 4
  void on_event(const OutboundEvent& event);
  // Keys with something new and many targets, sorted by (local, protocol, port). Once a step.
  void collect(TimeNs now, std::vector<FanoutFact>& out);
  std::uint64_t evictions() const { return evictions_; }

 private:
  struct Counts {
    std::uint32_t attempts = 0, answered = 0, refused = 0, web = 0, peer_to_peer = 0;
  };
  struct Entry {
    bool used = false, changed = false, new_fingerprint = false;
    FanoutFact fact;                             // identity and totals
    std::uint32_t second = 0;                    // of the newest bucket of the ring
    std::array<Counts, 10> seconds{};            // ring by second
    std::array<std::uint32_t, 6> ten_seconds{};  // attempts, ring by second / 10
    TimeNs last_attempt = 0;
    std::uint8_t next_sample = 0;
    Distinct targets;
  };
  void count(const OutboundEvent& event, std::uint16_t port);
  Entry* find(const OutboundEvent& event, std::uint16_t port, bool create);
  static void advance(Entry& entry, std::uint32_t second);
  static Counts recent(const Entry& entry);

  HashKey key_;
  HugeVector<Entry> entries_;
  std::vector<std::uint32_t> changed_;  // entries with news since the last collect
  TimeNs now_ = 0;
  std::uint64_t evictions_ = 0;
};

}  // namespace sekisho
