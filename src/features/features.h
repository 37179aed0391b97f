// Features: packets in, Seconds out. The only place that counts. Owned by one thread; shards may work for it within count().
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "features/row_baseline.h"
#include "features/shard.h"

namespace sekisho {

constexpr DurationNs kStep = 100 * kMillisecond;  // the window of one second slides by this

class Features {
 public:
  Features(FeatureSettings settings, unsigned shards);  // shards: 1, 2, 4, 8 or 16
  ~Features();

  // Sets packet.host from its local address (direction is set). Serial, in order of index.
  void assign_host(Packet& packet) {
    const Address& local = local_address(packet);
    if (local != last_address_ || last_host_ == 0) [[unlikely]]
      last_host_ = host_of(local), last_address_ = local;
    packet.host = last_host_;
  }
  const HashKey& key() const { return settings_.key; }
  std::span<const std::unique_ptr<Shard>> shards() const { return shards_; }

  // Closes the current step, which ends at `now`, and returns all that detectors may look at; valid until the next call. A step that had
  // packets is closed before packets of a later one are counted; steps without packets may be left out.
  const Step& finish_step(std::uint64_t step, TimeNs now, DurationNs length, bool last);
  // What the kernel noticed in the second that ended at `now`; Steps carry it for the two seconds that follow.
  void note_kernel(const KernelEvidence& kernel, TimeNs now) { kernel_ = kernel, kernel_time_ = now; }
  // No packets in the window any more: steps may be skipped.
  bool quiet() const { return active_rows_.empty(); }
  // The verdict on a row was "attack": its baseline does not learn until 30 s after the last such call.
  void freeze(bool all, const Address& host, Direction direction, TimeNs now);

  // Everything learned, as the bytes of baseline_codec.h; `now` as of finish_step.
  std::vector<std::uint8_t> save_baselines(TimeNs now) const;
  // Before the first packet. All or nothing; damaged bytes or another format change nothing and say so.
  Result<void> restore_baselines(std::span<const std::uint8_t> bytes);
  // One view for each class of each row that has a baseline; floors are not set: detectors have them.
  std::vector<BaselineView> describe_baselines(TimeNs now) const;
  std::uint64_t refused_anchors() const { return anchor_budget_.refused; }

  // `now` of finish_step is so much ahead of the data's own clock, which was set back: hours of the week follow that clock.
  void set_clock_offset(DurationNs offset) { clock_offset_ = offset; }

  // Connections and sources that the tables had no room for, although they meant something.
  std::uint64_t evictions() const;

 private:
  struct Row;
  struct Host;
  void skip_steps(std::uint64_t step);
  void merge_tallies(std::uint64_t step);
  void slide(Row& row, std::uint64_t step);
  void fill(Second& second, const Row& row, std::uint64_t step, TimeNs now) const;
  void fill_rows(std::uint64_t step, TimeNs now);
  void learn(TimeNs now);
  void resume_baselines(TimeNs now);
  Row& row(std::uint16_t host, Direction direction);
  void drop_row(std::size_t n);
  std::size_t all_of(std::size_t n) const { return n % 2 + (is_v6(hosts_[n / 2]) ? 2 : 0); }
  std::int64_t hour_of(TimeNs now) const { return (now - clock_offset_) / (3600 * kSecond); }
  std::uint16_t host_of(const Address& local);
  std::uint16_t& host_slot(const Address& local);
  void take_idle_host(const Address& local);

  FeatureSettings settings_;
  HugeVector<DistinctWindow> sketches_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Row>> rows_;   // by row_of(); created when first used
  std::array<std::unique_ptr<Row>, 4> all_;  // all local hosts together, by direction + 2 for IPv6
  std::array<DistinctWindow, 4> all_sketches_;
  std::vector<Address> hosts_;  // by host number; 0 = overflow
  std::vector<std::uint64_t> host_last_step_;
  std::vector<std::uint16_t> idle_hosts_;                  // rows that a new host may take
  std::array<std::uint16_t, 4 * kMaxHosts> host_table_{};  // open addressing by keyed hash of the address; 0 = free
  Address last_address_;
  std::uint16_t last_host_ = 0;
  std::uint64_t step_ = 0;
  std::vector<std::size_t> active_rows_;
  std::array<std::array<std::uint64_t, kStrata>, 2> sample_masks_{};
  std::array<SampleWindow, 2> window_samples_;  // by direction
  std::vector<SampleBuffer*> sample_parts_;     // of the stratum that is being joined
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
  DurationNs clock_offset_ = 0;
  AnchorBudget anchor_budget_;
  std::optional<TimeNs> saved_at_;  // restored, until the first step tells how long ago that was
};

}  // namespace sekisho
