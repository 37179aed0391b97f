// Blocker: the block list as a whole: the planner's word, the book in memory, the table in the kernel, the store, the record of changes.
#pragma once
#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/block_records.h"
#include "response/block_plan.h"
#include "response/block_table.h"
#include "store/store.h"

namespace sekisho {

struct BlockerSettings {
  BlockRules rules;
  std::vector<NeverEntry> fixed;             // what the configuration protects
  DurationNs confirm_within = 60 * kSecond;  // 0: a change to mode "on" needs no confirmation
  DurationNs forget_offences_after = 30LL * 86'400 * kSecond;
  bool restore_table = true;  // somebody else deleted or changed it: make it anew, or only say so
};

struct BlockerCounts {
  std::uint64_t added = 0, suggested = 0, removed = 0, expired = 0, evicted = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(BlockRefusal::count)> refused{};
  std::uint64_t restored = 0, unprotected = 0;  // the table made anew; entries that went because their address became protected
};

struct BlockerState {
  BlockMode mode = BlockMode::suggest;  // what holds now
  bool panicked = false;
  std::optional<TimeNs> trial_since, trial_until;  // mode "on" waits for its confirmation
  bool rolled_back = false;                        // it did not come
  std::size_t in_force = 0, suggested = 0, most = 0;
  BlockerCounts counts;
  bool table_there = false;
  std::string problem;  // a sentence while the kernel's side does not work
  BlockDrops drops;
};

// Who changes something, for the record.
struct BlockActor {
  std::string who;  // "uid 0", "agent"
  TimeNs now = 0;
};

// Any thread: one lock over all. Nothing here waits for the disk.
class Blocker {
 public:
  // Writes to the store, later or at once.
  using Write = std::function<void(std::function<Result<void>(StoreWriter&)>)>;

  // Without a table (`problem` says why) nothing is added; what is asked is still judged, and suggestions are kept.
  Blocker(BlockerSettings settings, std::optional<BlockTable> table, std::string problem, Write write);

  // What the store knew: entries go on with the time that they have left. `was_confirmed`, `panicked`: of the former run.
  // `adopt`: a table that is there and looks right is kept as it is; else it is made anew.
  void resume(const std::vector<StoredBlock>& blocks, const std::vector<BlockOffences>& offences, bool was_confirmed, bool panicked,
              TimeNs now, bool adopt = false);
  // Other settings, at a reload.
  void configure(BlockerSettings settings, TimeNs now);
  // What this machine says must never be blocked, besides what is set. Entries that touch it go.
  void set_found(std::vector<NeverEntry> found, TimeNs now);
  void set_spoofed_flood(bool going_on);

  struct Evidence {
    BlockRequest request;
    std::uint64_t bytes_in = 0, bytes_out = 0;
  };
  // Each in turn; one change of the kernel for all. An error: the kernel refused, and nothing was added.
  Result<std::vector<BlockDecision>> request(std::span<const Evidence> requests, const BlockActor& actor);
  // What would be said, and nothing done.
  BlockDecision judge(const Evidence& evidence, TimeNs now);

  // Entries that are this network or lie within it; how many went.
  Result<std::size_t> remove(const Network& network, const BlockActor& actor);
  Result<std::size_t> flush(const BlockActor& actor);
  // Everything goes at once, the table too, and nothing is blocked by itself until resume_after_panic().
  Result<std::size_t> panic(const BlockActor& actor);
  Result<void> resume_after_panic(const BlockActor& actor);
  // Mode "on" stays.
  Result<void> confirm(const BlockActor& actor);

  // A few times a second: time passes, and the table is looked after. `steady`: a clock that nobody sets; what it and `now` disagree about
  // is a clock that was set, and moves the ends of all entries along, as the kernel counts them.
  void tick(TimeNs now, TimeNs steady);
  // At the agent's end. The table stays and its entries go on expiring, or goes.
  void stop(bool keep_table);

  BlockerState state() const;
  // In order of network, after `after`.
  std::vector<BlockEntry> entries(const std::optional<Network>& after, std::size_t most) const;
  std::optional<BlockEntry> covering(const Network& network) const;
  NeverBlock never() const;
  // Another number after every change of the list or of what is protected.
  std::uint64_t revision() const { return revision_.load(std::memory_order_acquire); }
  std::optional<std::pair<TimeNs, BlockDecision>> last_refusal(const Network& network) const;

 private:
  struct Offence {
    std::uint32_t count = 0;
    TimeNs last = 0;
  };
  // The lock, and what is to be written handed on when it is given back.
  class Turn;
  void hand_on(TimeNs now);
  BlockMode mode() const;
  BlockFacts facts_for(const Evidence& e, const BlockRules& rules, TimeNs now);
  std::uint32_t offences_of(const Network& network, TimeNs now) const;
  void note_refusal(const Network& network, const BlockDecision& decision, TimeNs now);
  SetElement element_of(const BlockEntry& e, TimeNs now) const;
  Result<void> make_table(TimeNs now);
  Result<void> ensure_table(TimeNs now);
  void keep(const BlockEntry& e);
  void note_event(const BlockEntry& e, std::string_view event, const BlockActor& actor);
  void drop_from_store(const BlockEntry& e, std::string_view event, const BlockActor& actor);
  void clear_book(const BlockActor& actor);
  void audit(const BlockActor& actor, std::string action, std::string detail);
  void rebuild_never();
  void begin_trial(TimeNs now);
  void end_trial(TimeNs now);
  void look_after_table(TimeNs now, TimeNs steady);
  void shift(DurationNs by);
  void put_flag(std::string_view key, bool value);
  std::size_t remove_if(const std::function<bool(const BlockEntry&)>& wanted, std::string_view event, const BlockActor& actor,
                        Result<void>& done);

  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> revision_{1};
  BlockerSettings settings_;
  std::optional<BlockTable> table_;
  std::string problem_;
  Write write_;
  BlockBatch batch_;
  BlockBook book_;
  NeverBlock never_;
  std::vector<NeverEntry> found_;
  std::map<Network, Offence> offences_;
  std::map<Network, std::pair<TimeNs, BlockDecision>> refusals_;  // the last ones, bounded
  std::deque<Network> refusal_order_;
  std::deque<TimeNs> automatic_adds_;  // within the last minute
  BlockerCounts counts_;
  BlockDrops drops_, drops_before_;  // of this table; of those before it
  bool flood_ = false, table_made_ = false, panicked_ = false, confirmed_ = false, rolled_back_ = false, told_gone_ = false;
  std::optional<TimeNs> trial_since_, trial_until_;
  TimeNs next_look_ = 0, next_drops_ = 0;               // of the steady clock
  std::optional<std::pair<TimeNs, TimeNs>> last_tick_;  // now and steady
};

constexpr std::string_view kConfirmedKey = "response.confirmed", kPanicKey = "response.panic";

}  // namespace sekisho
