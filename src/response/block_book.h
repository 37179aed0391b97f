// BlockBook: the entries of the block list in memory: found by prefix, ended by time, given up in order of their worth. Pure.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "model/address.h"

namespace sekisho {

// How sure it is that the traffic came from this address. A SYN's or a datagram's source is anybody's claim.
enum class Proof : std::uint8_t { syn, rate, fingerprint, handshake, log, by_hand };
std::string_view to_string(Proof proof);  // "bare SYN", "rate", "fingerprint", "handshake", "log", "by hand"
std::optional<Proof> parse_proof(std::string_view text);
constexpr bool is_proven(Proof proof) { return proof >= Proof::handshake; }

constexpr std::size_t kMaxBlockEntries = 65'536;

struct BlockEntry {
  Network network;
  Proof proof = Proof::by_hand;
  bool suggested = false;  // not in force: what would have been blocked
  std::string reason;      // for people: "ssh brute force: 143 failures"; hostile text may be in it
  std::string incident;    // id, or empty
  std::string origin;      // who: "uid 0", "agent", "import"
  TimeNs added = 0, expires = 0;
  std::uint32_t offence = 1;  // the how manieth block of this network
  std::uint64_t hits = 0;     // what the evidence counted
};

// One thread. Networks in it never overlap.
class BlockBook {
 public:
  explicit BlockBook(std::size_t most = kMaxBlockEntries) : most_(most) {}

  const BlockEntry* find(const Network& network) const;       // exactly this one
  const BlockEntry* covering(const Network& network) const;   // the entry that contains it, itself included
  std::vector<Network> within(const Network& network) const;  // entries that lie inside, itself left out
  std::size_t count_within(const Network& network, unsigned prefix_bits, std::size_t enough) const;  // with that length, at most `enough`

  // Replaces the same network. The caller has removed what overlaps and made room.
  void put(BlockEntry entry);
  bool remove(const Network& network);
  // Entries whose time is over, removed.
  std::vector<BlockEntry> expire(TimeNs now);
  // Who goes first when room is wanted: the least proven, of those the oldest. nullptr: it is empty.
  const BlockEntry* least() const;
  bool full() const { return entries_.size() >= most_; }
  std::size_t size() const { return entries_.size(); }
  std::size_t suggested() const { return suggested_; }
  std::size_t most() const { return most_; }
  void clear();
  const std::map<Network, BlockEntry>& all() const { return entries_; }

 private:
  using Worth = std::tuple<bool, Proof, TimeNs, Network>;  // in force after suggested, then proof, then age
  static Worth worth_of(const BlockEntry& e) { return {!e.suggested, e.proof, e.added, e.network}; }
  void unlist(const BlockEntry& e);

  std::size_t most_;
  std::map<Network, BlockEntry> entries_;
  std::set<Worth> by_worth_;
  std::set<std::pair<TimeNs, Network>> by_end_;
  std::array<std::uint32_t, 129> lengths_{};  // entries by prefix length: only lengths that occur are looked up
  std::size_t suggested_ = 0;
};

}  // namespace sekisho
