// Pipeline: frames in, incidents out. The whole product in one file; analyze and the agent run the same one.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "app/analysis.h"
#include "app/config.h"
#include "app/handover.h"
#include "app/scan_totals.h"
#include "app/shard_team.h"
#include "decode/decode.h"
#include "features/features.h"
#include "features/locality.h"
#include "incident/incidents.h"
#include "input/source.h"

namespace sekisho {

struct PipelineSettings {
  std::vector<Network> local;  // empty: inferred from the first packets
  std::vector<Address> publics;
  unsigned shards = 1;   // 1, 2, 4, 8 or 16
  bool overlap = false;  // decode in the caller's thread while another one counts; both callbacks come from that one, until finish()
  DecodeOptions decode;  // Pipeline::make() takes it from the configuration
  IncidentSettings incidents;
  HashKey key;
};

// Owned by one thread.
class Pipeline final : public Intake {
 public:
  ~Pipeline() override;
  static Result<std::unique_ptr<Pipeline>> make(PipelineSettings settings, const Config& config);
  // Detectors and decoder anew with other settings, between two calls of on_frames; what was counted, learned and found stays. After an
  // error nothing has changed.
  Result<void> reconfigure(const Config& config);
  void on_frames(std::span<const Frame> frames) override;
  // Live: makes the tables now, so that a flood does not find them missing: it takes a tenth of a second of processor.
  void make_tables() { features(); }
  // Live: it is `now` and nothing from before is on its way any more: closes the steps that ended, although no packet came.
  void advance(TimeNs now);
  // Live: the addresses of this host changed.
  void set_local(std::vector<Network> networks);
  // Live: what the kernel noticed in the second that ends at `now`.
  void note_kernel(const KernelEvidence& kernel, TimeNs now);
  // Live: connections that beat, as their sockets tell (features/socket_beats.h); judged with the next step that ends.
  void note_sockets(std::vector<ConnectionFact> facts, TimeNs now);
  // Live: what the source says about itself now, `lost` since its start; incidents carry it.
  void note_capture(CaptureState now, bool degraded) { incidents_.note_capture(std::move(now), degraded); }
  // The source ended.
  void finish();
  // Incidents of the former run, before the first frame; see Incidents::resume.
  void resume(std::vector<Incident> known) { incidents_.resume(std::move(known)); }
  std::vector<const Incident*> open_incidents() const { return incidents_.open(); }

  // Called for each frame once its packet is counted (evidence), and for each change of an incident.
  std::function<void(const Frame&, const Packet&)> on_packet;
  std::function<void(const IncidentEvent&)> on_incident;
  // Called for each step with sources that went on, each with its open incident (null: it has none).
  std::function<void(const Offender&, const Incident*)> on_offender;
  // Called for each step once its findings are merged (histories). Steps without packets in their window may be left out.
  std::function<void(const Step&)> on_step;

  // What was learned, for the store: saved every minute and at stop, restored before the first frame. Damaged bytes or those of another
  // format change nothing and say so.
  std::vector<std::uint8_t> save_baselines() const;
  Result<void> restore_baselines(std::span<const std::uint8_t> bytes);
  // What is normal, class by class, and which threshold follows.
  std::vector<BaselineView> baselines() const;

  // After finish(): everything but what the source knows (files, damage).
  void report(Analysis& analysis);

 private:
  explicit Pipeline(PipelineSettings settings);
  static Result<std::vector<std::unique_ptr<Detector>>> make_detectors(const Config& config);
  void keep_prefix(std::span<const Frame> frames);
  void settle_locality();
  Features& features();
  // Packets on their way from prepare() to consume(). When these run in two threads the batch has frames of its own.
  struct Batch {
    std::span<const Frame> frames;
    std::vector<Packet> packets{kMaxBatch};
    std::vector<PacketHashes> hashes{kMaxBatch};
    std::vector<Frame> own_frames;
    std::vector<std::uint8_t> own_bytes;
    std::vector<std::pair<std::size_t, DurationNs>> clock_offsets;  // from which packet on, where a clock was set back
  };
  void process(std::span<const Frame> frames);
  std::size_t copy_frames(std::span<const Frame> frames, Batch& batch) const;
  void prepare(Batch& batch);
  void consume(Batch& batch);
  void consume_all();
  void stop_consumer();
  void count(Batch& batch, std::size_t from, std::size_t to);
  void note_article_facts(const Packet& packet);
  void advance_to(std::uint64_t step);
  void open_step(std::uint64_t step);
  void close_step(std::uint64_t step, TimeNs now, DurationNs length, bool last);

  PipelineSettings settings_;
  std::unique_ptr<Features> features_;
  std::unique_ptr<ShardTeam> team_;
  std::vector<std::unique_ptr<Detector>> detectors_;
  Incidents incidents_;
  std::optional<Orientation> orientation_;
  // The first frames, kept until it is known which side is local.
  std::vector<Frame> prefix_;
  std::vector<std::unique_ptr<std::uint8_t[]>> prefix_bytes_;
  std::size_t prefix_size_ = 0, prefix_used_ = 0;

  Batch batch_;                                   // of the one thread, or
  std::unique_ptr<Handover<Batch, 4>> handover_;  // between two
  std::uint64_t next_index_ = 0;
  bool started_ = false;
  std::uint64_t step_ = 0;  // the open step: time / kStep
  TimeNs step_end_ = 0;
  TimeNs last_time_ = 0;
  DurationNs clock_offset_ = 0;  // added to the data's time after its clock was set back
  std::vector<Finding> findings_;
  std::vector<Offender> offenders_;
  std::vector<ConnectionFact> sockets_;  // not judged yet
  std::uint64_t evictions_ = 0;
  TimeNs full_until_ = 0;  // findings that rest on tables of connections and sources may lack something until then
  Analysis facts_;         // counters gathered on the way
  ScanTotals scanners_;
  std::vector<std::uint32_t> port_syns_;
  std::jthread consumer_;  // last: it uses all of the above
};

}  // namespace sekisho
