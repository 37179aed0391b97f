// LiveWatch: between a live source and the pipeline: lets time go on while no packet comes, and hands everything on to the sinks.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "app/announcer.h"
#include "app/evidence_writer.h"
#include "app/incident_feed.h"
#include "app/pipeline.h"
#include "app/scan_hits.h"
#include "app/second_totals.h"

namespace sekisho {

// The agent's thread: the one that owns detection.
class LiveWatch final : public Intake {
 public:
  struct Doors {
    Source& source;
    std::function<std::uint64_t()> drops;                 // frames that the source lost since it was opened
    std::function<bool()> stop_wanted;                    // asked many times a second
    std::function<void()> each_tick;                      // about ten times a second: reload, watchdog
    std::function<std::vector<ConnectionFact>()> beats;   // connections that beat by their sockets; asked once a second
    std::function<std::vector<IncidentNotice>()> others;  // incidents that were not found in packets; asked each tick
    std::function<std::vector<std::string>()> completed;  // ids of incidents about which more is known now; asked once a second
    std::function<void(Incident&)> complete;              // adds what others know: the process
  };
  // `evidence` may be null.
  LiveWatch(Pipeline& pipeline, Doors doors, Announcer& announcer, StoreSink& store, EvidenceWriter* evidence, HashKey key);

  // Incidents of the former run; before run().
  void resume(std::vector<Incident> known);
  // Until the source ends or stop_wanted(). Afterwards everything is handed on; the sinks are not finished yet.
  Result<void> run();

  void on_frames(std::span<const Frame> frames) override;
  void on_idle(TimeNs now) override;

 private:
  using Clock = std::chrono::steady_clock;
  void tick();
  void each_second();
  void on_incident(const IncidentEvent& event);
  void on_second(const TrafficSecond& traffic);
  Incident completed(const Incident& incident) const;
  void add_outbound_links(Incident& incident) const;

  Pipeline& pipeline_;
  Doors doors_;
  Announcer& announcer_;
  StoreSink& store_;
  EvidenceWriter* evidence_;
  std::stop_source stop_;
  IncidentFeed feed_;
  SecondTotals totals_;
  ScanHits scan_hits_;
  std::uint64_t in_ = 0, out_ = 0, drops_ = 0, drops_told_ = 0;
  std::uint64_t seconds_ = 0;  // handed on
  std::size_t next_progress_ = 0;
  Clock::time_point last_tick_ = Clock::now(), last_second_ = last_tick_;
};

}  // namespace sekisho
