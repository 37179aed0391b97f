// Keeps the maps and the filter of the programs in step with the list.
#include "input/block_list.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sekisho {
namespace {

struct AddressKey {
  std::uint64_t high, low;
};
struct NetworkKey {
  std::uint32_t bits;
  std::uint8_t address[16];
};

NetworkKey key_of(const Network& n) {
  NetworkKey key{n.prefix_bits, {}};
  for (unsigned i = 0; i < 8; ++i) {
    key.address[i] = static_cast<std::uint8_t>(n.base.high >> (56 - 8 * i));
    key.address[8 + i] = static_cast<std::uint8_t>(n.base.low >> (56 - 8 * i));
  }
  return key;
}

bool is_v4_network(const Network& n) { return is_v4(n.base) && n.prefix_bits >= 96; }

Error refused(const Network& network, int error) {
  return {fmt::format("the kernel did not change the block list for {}: {}", to_string(network), std::strerror(error))};
}

}  // namespace

std::size_t BlockList::Hash::operator()(const Address& a) const { return sekisho_address_hash(0, a.high, a.low); }

Result<void> BlockList::add(const Network& network) {
  if (network.prefix_bits < 128) return change_network(network, true);
  if (addresses_.contains(network.base)) return {};
  if (addresses_.size() >= kMaxBlockedAddresses)
    return Error{fmt::format("the block list is full: it holds {} addresses", kMaxBlockedAddresses)};
  const AddressKey key{network.base.high, network.base.low};
  const std::uint8_t yes = 1;
  if (bpf_map_update_elem(programs_.blocked_fd(), &key, &yes, BPF_ANY) != 0) return refused(network, errno);
  addresses_.insert(network.base);
  const auto hash = sekisho_address_hash(programs_.settings().hash_key, key.high, key.low);
  auto& word = programs_.filter()[sekisho_filter_word(hash)];
  word = word | sekisho_filter_bits(hash);
  publish();
  return {};
}

Result<void> BlockList::remove(const Network& network) {
  if (network.prefix_bits < 128) return change_network(network, false);
  const AddressKey key{network.base.high, network.base.low};
  if (!addresses_.contains(network.base)) return {};
  if (bpf_map_delete_elem(programs_.blocked_fd(), &key) != 0 && errno != ENOENT) return refused(network, errno);
  addresses_.erase(network.base);
  // Bits are shared, so that none can be cleared: they only cost a look-up in the table. Now and then all are set anew.
  if (++stale_ > 1024 && stale_ > addresses_.size()) rebuild_filter();
  publish();
  return {};
}

Result<void> BlockList::change_network(const Network& network, bool add) {
  const auto key = key_of(network);
  if (add == networks_.contains(network)) return {};
  if (add) {
    if (networks_.size() >= kMaxBlockedNetworks)
      return Error{fmt::format("the block list is full: it holds {} networks", kMaxBlockedNetworks)};
    const std::uint8_t yes = 1;
    if (bpf_map_update_elem(programs_.networks_fd(), &key, &yes, BPF_ANY) != 0) return refused(network, errno);
    networks_.insert(network);
  } else {
    if (bpf_map_delete_elem(programs_.networks_fd(), &key) != 0 && errno != ENOENT) return refused(network, errno);
    networks_.erase(network);
  }
  publish();
  return {};
}

// Word by word: an address that stays in the list is never missing from the filter meanwhile.
void BlockList::rebuild_filter() {
  std::vector<std::uint64_t> words(SK_FILTER_WORDS);
  const auto key = programs_.settings().hash_key;
  for (const auto& a : addresses_) {
    const auto hash = sekisho_address_hash(key, a.high, a.low);
    words[sekisho_filter_word(hash)] |= sekisho_filter_bits(hash);
  }
  for (std::size_t i = 0; i < words.size(); ++i) programs_.filter()[i] = words[i];
  stale_ = 0;
}

void BlockList::publish() {
  auto& settings = programs_.settings();
  settings.blocked = static_cast<__u32>(addresses_.size());
  const auto v4 = static_cast<__u32>(std::count_if(networks_.begin(), networks_.end(), is_v4_network));
  settings.networks4 = v4;
  settings.networks6 = static_cast<__u32>(networks_.size()) - v4;
}

}  // namespace sekisho
