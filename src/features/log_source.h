// What the tables of log sources share: the source as a key, hits that wait for the store, short copies of hostile text.
#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "model/log_step.h"

namespace sekisho {

// One machine: an IPv4 address, or the /64 that one IPv6 host has to itself.
inline Network log_source(const Address& a) { return is_v4(a) ? host_network(a) : Network{masked(a, 64), 64}; }

// The first bytes of a text, kept beyond its line.
template <std::size_t N>
struct ShortText {
  std::array<char, N> bytes{};
  std::uint8_t size = 0;
  void set(std::string_view text) {
    static_assert(N < 256);
    size = static_cast<std::uint8_t>(std::min(text.size(), N));
    if (size) std::memcpy(bytes.data(), text.data(), size);
  }
  std::string_view view() const { return {bytes.data(), size}; }
};

inline std::uint64_t hash_of(const HashKey& key, const Address& a) { return keyed_hash(key, a.high, a.low); }

inline std::uint64_t hash_text(const HashKey& key, std::string_view text) {
  std::uint64_t h = key.a ^ text.size();
  while (text.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    h = fold_multiply(h ^ word, key.b);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return fold_multiply(h ^ word, key.b ^ 0xa0761d6478bd642fULL);
}

// Hits since the store was told last.
struct PendingHits {
  TimeNs first = 0, last = 0;
  std::uint32_t hits = 0, successes = 0;
  bool fingerprint = false;
  void add(TimeNs now, std::uint32_t more) {
    if (hits == 0 && successes == 0) first = now;
    last = now;
    hits += more;
  }
  void move_to(std::vector<LogHit>& out, const Network& source, LogService service, Direction direction, std::uint16_t port) {
    if (hits || successes) out.push_back({source, service, direction, port, first, last, hits, successes, fingerprint});
    *this = {};
  }
};
constexpr std::size_t kMostPendingHits = 65'536;  // of evicted sources, until the store takes them; the rest is counted

}  // namespace sekisho
