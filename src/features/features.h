// Features: packets in, Seconds out. The only place that counts. Owned by one thread; shards may work for it within count().
#pragma once
#include <array>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "features/baseline.h"
#include "features/shard.h"

namespace sekisho {

constexpr DurationNs kStep = 100 * kMillisecond;  // the window of one second slides by this
constexpr unsigned kStepsPerWindow = 10;

class Features {
 public:
  Features(FeatureSettings settings, unsigned shards);  // shards: 1, 2, 4, 8 or 16
  ~Features();

  // Sets packet.host from its local address (direction is set). Serial, in order of index.
  void assign_host(Packet& packet);
  const HashKey& key() const { return settings_.key; }
  std::span<const std::unique_ptr<Shard>> shards() const { return shards_; }

  // Closes the current step, which ends at `now`, and returns all that detectors may look at; valid until the next call.
  const Step& finish_step(std::uint64_t step, TimeNs now, DurationNs length, bool last);
  // What the kernel noticed in the second that ended at `now`; Steps carry it for the two seconds that follow.
  void note_kernel(const KernelEvidence& kernel, TimeNs now) { kernel_ = kernel, kernel_time_ = now; }
  // No packets in the window any more: steps may be skipped.
  bool quiet() const { return active_rows_.empty(); }
  // The verdict on a row was "attack": its baseline does not learn until 30 s after the last such call.
  void freeze(bool all, const Address& host, Direction direction, TimeNs now);

  std::uint64_t evictions() const;

 private:
  struct Row;
  struct Host;
  void merge_tallies(std::uint64_t step);
  void slide(Row& row, std::uint64_t step);
  void fill(Second& second, const Row& row, std::uint64_t step, TimeNs now) const;
  void learn(TimeNs now);
  Row& row(std::uint16_t host, Direction direction);

  FeatureSettings settings_;
  std::vector<HostSketches> sketches_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Row>> rows_;   // by row_of(); created when first used
  std::array<std::unique_ptr<Row>, 2> all_;  // all local hosts together, by direction
  std::vector<Address> hosts_;               // by host number; 0 = overflow
  std::vector<std::uint64_t> host_last_step_;
  std::vector<std::uint16_t> idle_hosts_;                          // rows that a new host may take
  std::unordered_map<std::uint64_t, std::uint16_t> host_numbers_;  // keyed hash of the address -> number
  Address last_address_;
  std::uint16_t last_host_ = 0;
  std::uint64_t step_ = 0;
  std::vector<std::size_t> active_rows_;
  std::array<std::array<std::uint64_t, kStrata>, 2> sample_masks_{};
  std::array<std::array<std::array<std::vector<Sample>, kStepsPerWindow>, kStrata>, 2> sample_ring_;
  std::array<std::vector<Sample>, 2> window_samples_;
  Fanout fanout_;
  Step out_;
  std::vector<Second> seconds_;
  std::vector<SourceFact> sources_;
  std::vector<FanoutFact> fanouts_;
  std::vector<ConnectionFact> connections_;
  std::vector<OutboundEvent> outbound_;
  TimeNs next_learning_ = 0;
  KernelEvidence kernel_;
  TimeNs kernel_time_ = 0;
};

}  // namespace sekisho
