// BoundedTable: entries by key, at most so many; when it is full the longest untouched goes. Keyed, so that nobody can choose collisions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"

namespace sekisho {

// Key is equality comparable and hash_of(HashKey, Key) is found by argument lookup. Entry is default constructible. One thread.
// A reference stays valid until the next call of at() with a new key.
template <class Key, class Entry>
class BoundedTable {
 public:
  BoundedTable(HashKey hash_key, std::size_t most) : hash_key_(hash_key), most_(most) { check(most >= 1 && most < kNone, "a table has room"); }

  // The entry of `key`, made if need be (`fresh`); it is the newest now. `on_evict` sees the entry that had to go.
  template <class F>
  Entry& at(const Key& key, bool& fresh, F&& on_evict) {
    if (slots_.empty()) slots_.assign(64, kNone);
    const std::uint64_t hash = hash_of(hash_key_, key);
    std::size_t slot = find(key, hash);
    if (slots_[slot] != kNone) {
      fresh = false;
      touch(slots_[slot]);
      return nodes_[slots_[slot]].entry;
    }
    fresh = true;
    std::uint32_t index = 0;
    if (nodes_.size() < most_) {
      index = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({key, hash, kNone, kNone, Entry{}});
      if (nodes_.size() * 2 > slots_.size()) grow();
    } else {
      index = oldest_;
      on_evict(nodes_[index].key, nodes_[index].entry);
      ++evictions_;
      forget(index);
      unlink(index);
      nodes_[index].key = key, nodes_[index].hash = hash, nodes_[index].entry = Entry{};
    }
    slot = find(key, hash);
    slots_[slot] = index;
    link_newest(index);
    return nodes_[index].entry;
  }
  Entry& at(const Key& key, bool& fresh) {
    return at(key, fresh, [](const Key&, const Entry&) {});
  }
  Entry* find(const Key& key) {
    if (slots_.empty()) return nullptr;
    const auto slot = slots_[find(key, hash_of(hash_key_, key))];
    return slot == kNone ? nullptr : &nodes_[slot].entry;
  }
  // From the newest to the oldest, as long as `f(key, entry)` says true.
  template <class F>
  void newest_first(F&& f) {
    for (auto i = newest_; i != kNone; i = nodes_[i].older)
      if (!f(std::as_const(nodes_[i].key), nodes_[i].entry)) return;
  }
  std::size_t size() const { return nodes_.size(); }
  std::uint64_t evictions() const { return evictions_; }

 private:
  static constexpr std::uint32_t kNone = ~0U;
  struct Node {
    Key key;
    std::uint64_t hash;
    std::uint32_t newer, older;
    Entry entry;
  };

  std::size_t find(const Key& key, std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != kNone && !(nodes_[slots_[at]].hash == hash && nodes_[slots_[at]].key == key)) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    slots_.assign(slots_.size() * 2, kNone);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t i = 0; i + 1 < nodes_.size(); ++i) {  // the last one is not in yet
      std::size_t at = nodes_[i].hash & mask;
      while (slots_[at] != kNone) at = (at + 1) & mask;
      slots_[at] = i;
    }
  }
  // Takes the entry out of the slots; those behind it move up (linear probing without tombstones).
  void forget(std::uint32_t index) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = nodes_[index].hash & mask;
    while (slots_[hole] != index) hole = (hole + 1) & mask;
    for (std::size_t at = (hole + 1) & mask; slots_[at] != kNone; at = (at + 1) & mask) {
      const std::size_t home = nodes_[slots_[at]].hash & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = kNone;
  }
  void unlink(std::uint32_t i) {
    const auto [newer, older] = std::pair{nodes_[i].newer, nodes_[i].older};
    (newer == kNone ? newest_ : nodes_[newer].older) = older;
    (older == kNone ? oldest_ : nodes_[older].newer) = newer;
  }
  void link_newest(std::uint32_t i) {
    nodes_[i].newer = kNone, nodes_[i].older = newest_;
    (newest_ == kNone ? oldest_ : nodes_[newest_].newer) = i;
    newest_ = i;
  }
  void touch(std::uint32_t i) {
    if (i == newest_) return;
    unlink(i);
    link_newest(i);
  }

  HashKey hash_key_;
  std::size_t most_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> slots_;  // a power of two, at most half full
  std::uint32_t newest_ = kNone, oldest_ = kNone;
  std::uint64_t evictions_ = 0;
};

}  // namespace sekisho
