// LogRequests: a web server's requests, second by second: how many, for which path, with which agent, from whom.
#pragma once
#include <vector>

#include "features/bounded_table.h"
#include "features/log_source.h"

namespace sekisho {

class LogRequests {
 public:
  LogRequests(HashKey key, std::size_t most_sources);
  void on_event(const LogEvent& event, TimeNs now);
  // The second that `now` begins is new: the one before it is told, and sources whose last ten seconds are busy.
  void finish_second(TimeNs now, std::vector<RequestFact>& requests, std::vector<RequestSourceFact>& sources);
  void take_hits(std::vector<LogHit>& out);
  std::uint64_t total() const { return total_; }
  std::uint64_t evictions() const { return sources_.evictions(); }

  // Sources with fewer requests in ten seconds are not told.
  static constexpr std::uint32_t kBusy10s = 100;

 private:
  struct Source {
    TimeNs first_seen = 0;
    std::uint64_t requests = 0;
    std::uint32_t second = 0;  // of the newest bin, within the log's time
    std::array<std::uint32_t, 10> bins{};
    std::uint32_t this_second = 0;  // requests in the open second; `second` says which
    bool busy = false, has_hits = false;
    PendingHits pending;
  };
  // Counts texts of one second: 512 slots by hash, two probes each; what finds no room is not counted (the total is).
  class Shares {
   public:
    void add(std::uint64_t hash, std::string_view text);
    RequestShare top() const;
    void clear();

   private:
    struct Slot {
      std::uint64_t hash = 0;
      std::uint32_t count = 0;
      ShortText<63> text;
    };
    static constexpr std::size_t kSlots = 512;
    std::vector<Slot> slots_ = std::vector<Slot>(kSlots);
    std::vector<std::uint16_t> used_;
  };

  HashKey key_;
  BoundedTable<Address, Source> sources_;
  RequestFact now_;
  Shares paths_, agents_;
  std::vector<Address> busy_, with_hits_, seen_;  // seen_: sources of the open second, at most 4,096
  std::vector<LogHit> evicted_hits_;
  std::array<std::uint32_t, 300> history_{};  // requests of the last busy seconds
  std::uint32_t learned_ = 0;
  double normal_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace sekisho
