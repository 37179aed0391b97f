// The difference between two lists, a part at a time.
#include "app/early_drop.h"

#include <algorithm>

#include "input/block_list.h"

namespace sekisho {
namespace {

constexpr std::size_t kChangesAtOnce = 2000;
constexpr unsigned kTicks = 10;  // between two looks at a list that changes all the time

}  // namespace

void EarlyDrop::read_list(bool wanted) {
  std::set<Network> all;
  if (wanted) {
    const auto never = blocker_.never();
    for (const auto& entry : blocker_.entries(std::nullopt, kMaxBlockEntries))
      if (!entry.suggested && !never.overlapping(entry.network)) all.insert(all.end(), entry.network);
  }
  to_add_.clear(), to_remove_.clear();
  std::set_difference(all.begin(), all.end(), held_.begin(), held_.end(), std::back_inserter(to_add_));
  std::set_difference(held_.begin(), held_.end(), all.begin(), all.end(), std::back_inserter(to_remove_));
  without_room_ = 0;
}

void EarlyDrop::tick(bool wanted) {
  BlockList* list = source_.early_blocks();
  if (!list) return;
  ++ticks_;
  const auto revision = blocker_.revision();
  const bool idle = to_add_.empty() && to_remove_.empty();
  if ((revision != seen_ || wanted != was_wanted_) && (idle || wanted != was_wanted_) && (ticks_ >= kTicks || seen_ == 0)) {
    read_list(wanted);
    seen_ = revision, was_wanted_ = wanted, ticks_ = 0;
  }
  std::size_t changes = 0;
  // What is no longer blocked first: nobody waits longer than needed.
  for (; !to_remove_.empty() && changes < kChangesAtOnce; ++changes) {
    if (list->remove(to_remove_.back()).ok()) held_.erase(to_remove_.back());
    to_remove_.pop_back();
  }
  for (; !to_add_.empty() && changes < kChangesAtOnce; ++changes) {
    if (list->add(to_add_.back()).ok())
      held_.insert(to_add_.back());
    else
      ++without_room_;
    to_add_.pop_back();
  }
}

}  // namespace sekisho
