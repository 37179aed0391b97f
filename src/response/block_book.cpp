// A map by network with two further orders.
#include "response/block_book.h"

#include "response/never_block.h"

namespace sekisho {
namespace {

constexpr std::array<std::string_view, 6> kProofNames{"bare SYN", "rate", "fingerprint", "handshake", "log", "by hand"};

}  // namespace

std::string_view to_string(Proof proof) { return kProofNames[static_cast<std::size_t>(proof)]; }

std::optional<Proof> parse_proof(std::string_view text) {
  for (std::size_t i = 0; i < kProofNames.size(); ++i)
    if (kProofNames[i] == text) return static_cast<Proof>(i);
  return std::nullopt;
}

const BlockEntry* BlockBook::find(const Network& network) const {
  const auto found = entries_.find(network);
  return found == entries_.end() ? nullptr : &found->second;
}

const BlockEntry* BlockBook::covering(const Network& network) const {
  for (unsigned bits = 0; bits <= network.prefix_bits; ++bits)
    if (lengths_[bits])
      if (const auto* e = find({masked(network.base, bits), static_cast<std::uint8_t>(bits)})) return e;
  return nullptr;
}

std::vector<Network> BlockBook::within(const Network& network) const {
  std::vector<Network> inside;
  const auto last = last_address(network);
  for (auto at = entries_.lower_bound({network.base, 0}); at != entries_.end() && at->first.base <= last; ++at)
    if (at->first.prefix_bits > network.prefix_bits) inside.push_back(at->first);
  return inside;
}

std::size_t BlockBook::count_within(const Network& network, unsigned prefix_bits, std::size_t enough) const {
  std::size_t count = 0;
  const auto last = last_address(network);
  for (auto at = entries_.lower_bound({network.base, 0}); at != entries_.end() && at->first.base <= last && count < enough; ++at)
    count += at->first.prefix_bits == prefix_bits && !at->second.suggested;
  return count;
}

void BlockBook::unlist(const BlockEntry& e) {
  by_worth_.erase(worth_of(e));
  by_end_.erase({e.expires, e.network});
  --lengths_[e.network.prefix_bits];
  suggested_ -= e.suggested;
}

void BlockBook::put(BlockEntry entry) {
  const auto network = entry.network;
  if (const auto found = entries_.find(network); found != entries_.end()) unlist(found->second);
  auto& place = entries_[network];
  place = std::move(entry);
  by_worth_.insert(worth_of(place));
  by_end_.insert({place.expires, network});
  ++lengths_[network.prefix_bits];
  suggested_ += place.suggested;
}

bool BlockBook::remove(const Network& network) {
  const auto found = entries_.find(network);
  if (found == entries_.end()) return false;
  unlist(found->second);
  entries_.erase(found);
  return true;
}

std::vector<BlockEntry> BlockBook::expire(TimeNs now) {
  std::vector<BlockEntry> ended;
  while (!by_end_.empty() && by_end_.begin()->first <= now) {
    const auto network = by_end_.begin()->second;
    const auto found = entries_.find(network);
    unlist(found->second);
    ended.push_back(std::move(found->second));
    entries_.erase(found);
  }
  return ended;
}

const BlockEntry* BlockBook::least() const { return by_worth_.empty() ? nullptr : find(std::get<3>(*by_worth_.begin())); }

void BlockBook::clear() {
  entries_.clear(), by_worth_.clear(), by_end_.clear();
  lengths_ = {};
  suggested_ = 0;
}

}  // namespace sekisho
