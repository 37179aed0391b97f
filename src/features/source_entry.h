// SourceEntry: what the table of sources keeps about one remote address: three cache lines, of which most packets touch the first.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "model/source_fact.h"

namespace sekisho {

enum SourceFlag : std::uint16_t {
  kSourcePendingTcp = 1,  // first contacts that nobody answered yet
  kSourcePendingUdp = 2,
  kSourceChanged = 8,  // its evidence changed since the last report
  kSourceSportVaries = 16,
  kSourceWindowVaries = 32,
  kSourceReal = 64,
  kSourceLocalUdpFirst = 128,  // our side sent it UDP before it did: its UDP answers or belongs to a dialogue
  kSourceFollowArmed = 256,    // bare SYN, then within 10 s a SYN with options to the same port
  kSourceSyn = 512,            // the source port is known
  kSourceWindowKnown = 1024,
  kSourceTelling = 4,  // a SYN without options to a port that says "device"
};

// First contacts that wait for an answer, by the second in which they began: newest first.
using PendingSeconds = std::array<std::uint8_t, 4>;

struct alignas(64) SourceEntry {
  // Line 1: every packet.
  Address remote;
  TimeNs first_seen = 0;
  std::uint64_t bytes = 0;
  std::uint32_t packets = 0;
  std::uint32_t last_seen_ms = 0;  // after first_seen
  std::uint32_t new_packets = 0, new_bytes = 0;
  std::uint32_t syns = 0;
  std::uint16_t flags = 0;
  std::uint16_t new_syns = 0;
  std::uint16_t sport = 0, window = 0;  // of the first SYN
  std::uint8_t ttl = 0;
  std::int8_t walk = 0;  // steps of ln 4
  std::uint8_t followups = 0, swapped = 0;
  // Line 2: first contacts and their answers.
  std::uint64_t contacts = 0, resolved = 0;  // linear-counting bitmaps over (local address, protocol, local port)
  std::uint64_t locals = 0;                  // over local addresses
  std::array<std::uint64_t, 2> ports{};      // over local ports
  std::uint32_t pending_second = 0;          // the second of pending[0]
  PendingSeconds pending{}, pending_udp{};
  std::uint16_t failures = 0, successes = 0, refused = 0, udp_contacts = 0, udp_failures = 0, handshakes = 0;
  // Line 3: what SYNs looked like.
  Address last_local;
  std::array<std::uint16_t, 8> port{}, port_syns{};  // the first eight local ports
  std::uint16_t bare_syns = 0, fingerprint_syns = 0, device_port_syns = 0;
  std::uint16_t bare_second = 0, bare_port = 0;  // the last bare SYN
  std::uint8_t zmap = 0, masscan = 0;            // SYNs with the tool's marks
  std::uint8_t ports_used = 0;
  std::uint8_t slot_flags = 0;  // SourceSlotFlag: of the slot, they outlive the source
  std::uint8_t padding[2] = {};
};
static_assert(sizeof(SourceEntry) == 192);

constexpr int kWalkFloor = -4;  // ln eta0 / ln 4: four straight successes; the walk starts anew from there
constexpr int kWalkCeiling = 100;

template <class T>
void saturating_add(T& counter, std::uint64_t n) {
  counter = static_cast<T>(std::min<std::uint64_t>(std::uint64_t{counter} + n, static_cast<T>(~T{})));
}

inline void walk_failed(SourceEntry& e, unsigned n) {
  e.walk = static_cast<std::int8_t>(std::min(e.walk + static_cast<int>(n), kWalkCeiling));
}
inline void walk_succeeded(SourceEntry& e) { e.walk = static_cast<std::int8_t>(std::max(e.walk - 1, kWalkFloor)); }

// Things seen, by the number of bits that are set in a bitmap of kBits (linear counting); saturates.
template <unsigned kBits>
std::uint16_t linear_count(unsigned used) {
  static const auto table = [] {
    std::array<std::uint16_t, kBits + 1> things{};
    for (unsigned n = 1; n <= kBits; ++n)
      things[n] = static_cast<std::uint16_t>(std::lround(kBits * std::log(kBits / static_cast<double>(std::max(1U, kBits - n)))));
    return things;
  }();
  return table[used];
}

// The second after which contacts count as unanswered: between three and four seconds of packet time.
constexpr std::uint32_t kAnswerSeconds = 4;

// Moves the pending buckets to `second`; what falls out was never answered. True if something did.
bool expire_pending(SourceEntry& e, std::uint32_t second);
// The end of the input: what waited at least half a second, or all of it if nothing of this source was ever answered.
bool expire_at_end(SourceEntry& e, TimeNs now);

SourceFact source_fact(const SourceEntry& e);

}  // namespace sekisho
