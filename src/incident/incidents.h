// Incidents: findings merged over time; opened, updated, closed, reopened. Pure: no I/O, no clock.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/incident.h"

namespace sekisho {

struct IncidentSettings {
  DurationNs close_flood = 30 * kSecond;                 // silence after which a flood is over
  DurationNs close_pulse = 300 * kSecond;                // the same once it has become a pulse wave
  DurationNs close_other = 600 * kSecond;                // scans, brute force, backscatter
  DurationNs close_slow = 2 * 60 * kMinute;              // slow scans: their contacts are minutes apart
  DurationNs reopen_within = 900 * kSecond;              // the same kind, direction and subject within this joins the old incident
  DurationNs reopen_noise_within = 24 * 3600 * kSecond;  // the same for scans and backscatter: background noise is one incident a day
  unsigned pulses = 3;                                   // bursts within reopen_within that make a pulse wave
  std::size_t max_open = 1024;                           // open incidents; above it the least severe, oldest one is closed
  bool forget_closed = false;                            // live: closed incidents that nothing can join any more are not kept
  std::size_t max_closed = 1024;                         // live: closed incidents that wait for their kind to return; the oldest go first
  std::uint64_t id_seed = 0;                             // 0: ids depend on the data alone (analyze, tests); live: random per boot
};

struct IncidentEvent {
  IncidentChange change = IncidentChange::opened;
  const Incident* incident = nullptr;  // valid until the next call
};

class Incidents {
 public:
  explicit Incidents(IncidentSettings settings = {}) : settings_(settings) {}
  // Findings of one step; `now` is the step's time. Returns what changed.
  const std::vector<IncidentEvent>& on_step(TimeNs now, const std::vector<Finding>& findings);
  // The input ended at `now`: what has been silent long enough is closed, the rest stays open.
  const std::vector<IncidentEvent>& finish(TimeNs now);
  // Incidents of the program's former run, as they were last told; before the first on_step, the newest of a kind first. Those that are
  // open go on under their ids, without being opened anew, and close when nothing confirms them: their silence is counted from the first
  // on_step. Those that are closed may be joined again as ever.
  void resume(std::vector<Incident> known);
  // Live: what the source says about itself now, `lost` since its start; about ten times a second.
  void note_capture(CaptureState now, bool degraded);
  // Those that are open now; valid until the next call of another member.
  std::vector<const Incident*> open() const;
  // The open one that findings of this label, direction and merge key join; null: there is none.
  const Incident* open(std::string_view label, Direction direction, const std::string& merge_key) const;
  // All incidents so far, in order of opening. Closed ones stay until taken, unless forget_closed says otherwise.
  std::vector<Incident> take_all();
  std::size_t kept() const { return all_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Open {
    Incident incident;
    std::map<std::string_view, std::uint64_t> label_packets;
    std::map<std::string_view, Severity> label_severity;
    std::map<Address, PeerFact> peers;
    std::map<std::uint16_t, std::uint64_t> local_ports, remote_ports;
    double list_total = 0;  // packets that peers and ports are shares of; 0 = they are counts
    TimeNs last_finding = 0;
    TimeNs silent_since = 0;  // last_finding, or later when it was resumed
    unsigned bursts = 1;
    DurationNs rate_bin = 250 * kMillisecond;
    TimeNs rate_time = 0;  // of the step whose rates are being added up
    double rate_pps = 0, rate_bps = 0;
    std::uint64_t lost_seen = 0;  // of the source's `lost`: up to here it is in incident.capture
  };
  using Key = std::string;
  static Key key_of(const Finding& f, Kind kind);
  bool merge(Open& open, const Finding& f, TimeNs now);
  static void merge_lists(Open& open, const Finding& f);
  static void remember(Open& open);
  void note_capture_in(Open& open) const;
  void close(const Key& key, Open& open, TimeNs ended);
  std::string make_id(TimeNs detected, const Key& key);
  DurationNs close_after(const Open& open) const;
  std::optional<std::size_t> least_worth_keeping() const;
  DurationNs reopen_within(Kind kind) const;
  void forget(TimeNs now);

  IncidentSettings settings_;
  std::map<Key, std::size_t> latest_;  // key -> index in all_
  std::vector<Open> all_;
  std::vector<IncidentEvent> events_;
  std::uint64_t sequence_ = 0, dropped_ = 0;
  TimeNs next_forget_ = 0;
  bool resuming_ = false;
  std::optional<CaptureState> capture_;
  bool capture_degraded_ = false;
  std::uint64_t lost_before_ = 0;  // the source's `lost` as it was before the latest note
};

}  // namespace sekisho
