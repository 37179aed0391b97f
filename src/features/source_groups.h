// The insides of Sources: buckets, groups, and the place of one address in them. Only for the files of Sources.
#pragma once
#include <span>

#include "features/sources.h"

namespace sekisho {

constexpr unsigned kSourceWays = 8;
constexpr unsigned kSourceWheel = 8;  // seconds; more than kAnswerSeconds

// Who is given up first when a bucket is full.
enum SourceRank : std::uint8_t { kRankEmpty, kRankSinglePacket, kRankUnsuspicious, kRankWaiting, kRankSuspicious };

enum SourceSlotFlag : std::uint8_t { kSlotQueued = 1, kSlotOnWheel = 2 };  // of the slot: they outlive an eviction
enum NewcomerFlag : std::uint8_t {
  kNewcomerTcp = 1,
  kNewcomerSyn = 2,
  kNewcomerBare = 4,
  kNewcomerRefused = 8,
  kNewcomerTold = 16,  // a fact was made of it already
  kNewcomerFingerprint = 32,
  kNewcomerZmap = 64,
  kNewcomerMasscan = 128
};

constexpr std::uint32_t source_second(TimeNs t) { return t <= 0 ? 0 : static_cast<std::uint32_t>(t / kSecond); }

// TCP flags: an opening SYN; NULL, FIN and XMAS probes, which no stack sends.
constexpr bool opens_tcp(std::uint8_t flags) { return (flags & (kSyn | kAck | kRst | kFin | kPsh | kUrg)) == kSyn; }
constexpr bool odd_probe(std::uint8_t flags) {
  const auto f = flags & (kSyn | kAck | kRst | kFin | kPsh | kUrg);
  return f == 0 || f == kFin || f == (kFin | kPsh | kUrg);
}
// Are the flags and, for a SYN, the sequence number there? Real Mirai SYNs with a false data offset were captured: those count.
inline bool readable_tcp(const Packet& p) {
  return p.fragment != Fragment::later && !p.truncated &&
         (p.malformed == Malformed::none || p.malformed == Malformed::bad_tcp_header_length || p.malformed == Malformed::bad_tcp_options);
}
// UDP that came unasked and is no traceroute (whose probes arrive with the rest of a small TTL).
bool unasked_udp(const Packet& packet);
bool has_evidence(const SourceEntry& entry);

// A source's first contact, before it has shown anything else: most sources of a flood never get further, and an entry of three cache
// lines would be wasted on them. A second contact makes an entry of it.
struct Sources::Newcomer {
  std::uint32_t tag = 0;      // of the address; 0 = free
  std::uint32_t time_ms = 0;  // wraps after 49 days
  std::uint16_t port = 0, window = 0;
  std::uint8_t contact = 0, local = 0, port_bit = 0;  // which bits of the entry's bitmaps
  std::uint8_t flags = 0;                             // NewcomerFlag
};

// One cache line. Eight tags of one byte in one word, so that one comparison finds the candidates.
struct alignas(64) Sources::Bucket {
  alignas(16) std::array<std::uint16_t, kSourceWays> stamps{};
  std::array<std::uint8_t, kSourceWays> ranks{};
  std::uint64_t tags = 0;
  std::array<Newcomer, 2> newcomers{};
};

struct Sources::Group {
  std::span<Bucket> buckets;
  std::span<SourceEntry> entries;
  std::vector<std::uint32_t> wheel_next;
  std::array<std::uint32_t, kSourceWheel> wheel;
  std::uint32_t wheel_second = 0;
  std::vector<std::uint32_t> queue;  // ring, a power of two, of slots whose facts wait; a slot stands in it at most once
  std::size_t queue_head = 0, queue_size = 0;
  std::vector<SourceFact> told;  // of this step, about sources that got no entry
  std::uint32_t clock = 0;       // packets of the group: the age of entries
  std::uint8_t inserting = 0;    // are contacts of new sources getting entries, lately? Only says what is worth a prefetch
  bool answers_seen = false;     // any packet of our side: without one the capture holds one direction
  std::uint16_t age_clock() const { return static_cast<std::uint16_t>(clock >> 4); }
};

// Which bits of the bitmaps a contact sets; one word, so that it travels in a register.
struct Sources::Contact {
  std::uint32_t bits = 0;
  std::uint8_t contact() const { return bits & 63; }
  std::uint8_t local() const { return bits >> 8 & 63; }
  std::uint8_t port() const { return bits >> 16 & 127; }
  std::uint64_t bit() const { return 1ULL << contact(); }
};

// What a SYN's own fields say.
struct Sources::Marks {
  bool fingerprint = false, swapped = false, zmap = false, masscan = false;
  bool any() const { return fingerprint || swapped || zmap || masscan; }
};

struct Sources::Place {
  Group* group = nullptr;
  SourceEntry* entry = nullptr;
  Bucket* bucket = nullptr;
  std::uint32_t slot = 0;
  bool judged = false;  // admit() looked at the packet already: these are its
  Contact contact;
  Marks marks;
  void rank_at_least(SourceRank rank) const {
    auto& current = bucket->ranks[slot % kSourceWays];
    if (current < rank) current = rank;
  }
};

}  // namespace sekisho
