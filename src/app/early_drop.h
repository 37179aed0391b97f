// EarlyDrop: the block list in the XDP program as well, so that what is blocked costs no more than its arrival.
#pragma once
#include <set>
#include <string>

#include "app/blocker.h"
#include "input/source.h"

namespace sekisho {

// The nftables table stays what holds: it has every entry with its end, and goes on when the program goes with the agent. What is here
// follows it within a second; protected addresses are left out here, too. The source's thread.
class EarlyDrop {
 public:
  // Nothing is done unless the source runs XDP.
  EarlyDrop(Source& source, const Blocker& blocker) : source_(source), blocker_(blocker) {}
  // A few times a second; a bounded number of changes each time.
  void tick(bool wanted);
  // Entries that the program drops, and those it has no room for (they are dropped by nftables).
  std::size_t held() const { return held_.size(); }
  std::size_t without_room() const { return without_room_; }

 private:
  void read_list(bool wanted);

  Source& source_;
  const Blocker& blocker_;
  std::set<Network> held_;
  std::vector<Network> to_add_, to_remove_;  // what is still to be done
  std::uint64_t seen_ = 0;                   // the list's revision; 0 = never looked
  unsigned ticks_ = 0;
  std::size_t without_room_ = 0;
  bool was_wanted_ = false;
};

}  // namespace sekisho
