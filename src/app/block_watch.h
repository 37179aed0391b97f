// BlockWatch: the agent's block list: turns what is found into requests with the proof that there is, follows what must never be blocked,
// and lets time pass. The planner decides; see docs/block.md.
#pragma once
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/agent_status.h"
#include "app/block_desk.h"
#include "app/blocker.h"
#include "app/early_drop.h"
#include "app/pipeline.h"
#include "app/sink.h"
#include "app/store_sink.h"
#include "app/two_way_bytes.h"
#include "app/worker.h"
#include "base/rooted_folder.h"
#include "input/address_watch.h"
#include "response/never_sources.h"

namespace sekisho {

// Who is asked about: proven offenders as they go on, source by source; the largest sources of incidents only where the answer is a refusal
// that says why. Incidents of logs come to it as a sink; those of packets are taken where they are found, with the packets' facts.
class BlockWatch final : public Sink {
 public:
  // Opens the table and takes the lock: before the first thread. Whatever is missing is a sentence in the status; judging goes on.
  static std::unique_ptr<BlockWatch> open(const Config& config, StoreSink& store, const std::string& store_path, HashKey key);
  ~BlockWatch() override { finish(); }

  // The agent's thread, once its own callbacks stand: these are called after them.
  void attach(Pipeline& pipeline);
  // From then on tick() keeps the source's own list like the block list, where it has one.
  void drop_early(Source& source) { early_.emplace(source, *blocker_); }
  // The agent's thread, a few times a second.
  void tick();
  void on_incident(const IncidentNotice& notice) override;
  // Any thread.
  void on_log_offender(const Offender& offender, const std::string& incident);
  void configure(const Config& config);
  Blocker& blocker() { return *blocker_; }
  std::string json() const;
  std::vector<HealthLine> problems() const;
  void finish() override;

 private:
  struct Known {
    std::uint64_t hits = 0;
    TimeNs time = 0;
  };
  struct ArticleHits {
    std::array<TimeNs, 3> times{};  // of the last SYNs to listed ports, by second
    std::uint32_t seen = 0;         // of the fact's total that were counted
  };
  BlockWatch(StoreSink& store, HashKey key) : store_(store), two_way_(key) {}
  struct Handshakes {
    std::uint32_t total = 0, before = 0;  // before: when the flood of connections began, of number
    std::uint32_t flood = 0;
  };
  struct LogOffence {
    Offender offender;
    std::string incident;
  };
  void consider(const Incident& incident);
  void on_offender(const Offender& offender, const std::string& incident, bool logs);
  void note_handshakes(const SourceFact& fact);
  void on_packet(const Packet& packet);
  void on_step(const Step& step);
  void ask(BlockRequest request, TimeNs now);
  void judge_waiting(bool all);
  void post(Blocker::Evidence evidence);
  bool proven_by_handshakes(const Address& address) const;
  void care();
  static std::string newest_process(const RootedFolder& files);
  void read_settings(const Config& config);

  StoreSink& store_;
  std::optional<FileLock> lock_;
  std::unique_ptr<Blocker> blocker_;
  bool keep_table_ = true, early_drop_ = true;
  std::optional<EarlyDrop> early_;  // the agent's thread
  std::atomic<std::size_t> early_held_{0}, early_without_room_{0};

  std::mutex mutex_;
  std::deque<std::shared_ptr<const Incident>> from_logs_;  // bounded
  std::vector<LogOffence> log_offences_;                   // bounded

  // The agent's thread.
  TwoWayBytes two_way_;
  std::unordered_map<std::uint64_t, Known> asked_;             // what was asked of late, by address; bounded
  std::unordered_map<std::uint64_t, Handshakes> handshakes_;   // that sources completed; bounded
  std::unordered_map<std::uint64_t, ArticleHits> article_;     // bounded
  std::map<std::string, std::string_view> connection_floods_;  // open ones that need connections: id, label
  std::uint32_t connection_flood_ = 0;                         // how many times there began to be one
  TimeNs connection_flood_since_ = 0;
  std::deque<std::pair<TimeNs, Blocker::Evidence>> waiting_;  // unproven: until a flood would have shown
  std::set<std::string> floods_;                              // open ones with sources that may be forged
  std::vector<std::uint16_t> ports_;
  bool article_policy_ = false, fingerprints_ = false;
  std::deque<Address> asked_time_servers_;
  TimeNs time_ = 0;

  // The worker's thread.
  std::optional<AddressWatch> changes_;
  std::vector<NeverEntry> host_;
  SshLook ssh_;
  TimeNs next_host_ = 0, next_ssh_ = 0, next_all_ssh_ = 0, ssh_settles_ = 0, next_tick_ = 0;
  std::string newest_process_;
  std::vector<NeverEntry> time_servers_;  // that this host was seen to ask; the last 64
  std::unique_ptr<Worker> worker_;        // last: its thread uses all of the above
};

}  // namespace sekisho
