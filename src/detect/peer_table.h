// PeerTable: values by remote address in order of first appearance: a dense list behind a table of its indices.
#pragma once
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/address.h"

namespace sekisho {

// The caller bounds its size with keep_if(). `hash` is the address's keyed hash, the same at each call for it.
template <class Value>
class PeerTable {
 public:
  struct Entry {
    Address address;
    std::uint64_t hash = 0;
    Value value;
  };
  // The value and whether it is new.
  std::pair<Value&, bool> find_or_add(const Address& address, std::uint64_t hash) {
    if (list_.size() * 2 >= table_.size()) index(table_.empty() ? 64 : table_.size() * 2);
    auto at = home_of(hash);
    for (; table_[at] != 0; at = next(at))
      if (auto& entry = list_[table_[at] - 1]; entry.hash == hash && entry.address == address) return {entry.value, false};
    list_.push_back({address, hash, {}});
    table_[at] = static_cast<std::uint32_t>(list_.size());
    return {list_.back().value, true};
  }
  template <class Keep>
  void keep_if(Keep keep) {
    std::erase_if(list_, [&](const Entry& entry) { return !keep(entry.value); });
    index(table_.size());
  }
  void clear() { list_.clear(), table_.clear(); }
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::size_t home_of(std::uint64_t hash) const { return hash & (table_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (table_.size() - 1); }
  void index(std::size_t slots) {
    table_.assign(slots, 0);
    for (std::size_t i = 0; i < list_.size(); ++i) {
      auto at = home_of(list_[i].hash);
      while (table_[at] != 0) at = next(at);
      table_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }
  std::vector<std::uint32_t> table_;  // a power of two; index in list_ + 1, 0 = free
  std::vector<Entry> list_;
};

}  // namespace sekisho
