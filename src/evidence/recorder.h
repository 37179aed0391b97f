// Recorder: the door of the room evidence. Keeps recent frames and chooses, for each incident, the packets that its capture file holds.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "evidence/evidence_output.h"
#include "evidence/frame_ring.h"
#include "model/incident.h"

namespace sekisho {

struct EvidenceSettings {
  std::string dir;                             // made if it is missing (0700)
  std::int64_t ring_bytes = 32 * 1024 * 1024;  // the most that recent frames of both directions take
  DurationNs ring_age = 10 * kSecond;
  std::int64_t beats_bytes = 4 * 1024 * 1024;  // frames of quiet TCP connections (1-32 payload bytes), kept for much longer:
  DurationNs beats_age = 15 * kMinute;         //   a keepalive once a minute is long gone from the ring when it is recognised
  std::int64_t snap_bytes = 128;               // stored of each frame; C2 incidents get whole frames from when they open
  std::int64_t max_packets = 10'000, max_bytes = 16 * 1024 * 1024;  // per incident; bytes before compression
  std::int64_t context_packets = 0;     // of max_packets: other traffic, marked as such, half of it from before the incident began
  std::int64_t max_open = 64;           // files being written at a time; at most kMaxEvidenceSlots
  std::int64_t max_files = 1'000;       // files made in one run; 0 = any number
  std::string application = "sekisho";  // named in the files
  std::vector<std::string> interfaces;  // names by Frame::interface
  // Live only.
  std::int64_t queue_bytes = 8 * 1024 * 1024;           // frames on their way to the writing thread
  std::int64_t total_bytes = 2LL * 1024 * 1024 * 1024;  // of all files in the folder
  std::int64_t total_files = 20'000;
};

struct EvidenceStats {
  std::uint64_t packets_written = 0, bytes_written = 0;
  std::uint64_t thinned = 0;       // belonged, but only one of 2^k is kept late in a long incident
  std::uint64_t over_budget = 0;   // belonged, but the incident's file is full
  std::uint64_t lost = 0;          // chosen, but the file could not be written, or the writing thread's queue was full
  std::uint64_t ring_evicted = 0;  // left the ring before their age because it was full
  std::uint64_t ring_bytes = 0;    // memory behind the ring now
};

// One thread (the one that owns detection). Memory: at most ring_bytes + beats_bytes + about 64 kB per open file, and queue_bytes live.
class Recorder {
 public:
  // Plain files DIR/<incident id>.pcapng, 0600, written by the caller's thread through a buffer: flush() brings them up to date.
  static Result<std::unique_ptr<Recorder>> open(EvidenceSettings settings, HashKey key = {});
  // The agent's: DIR/<incident id>.pcapng.zst, hashed, bounded, written by a thread of their own.
  static Result<std::unique_ptr<Recorder>> open_live(EvidenceSettings settings, HashKey key, EvidenceEvents events);
  ~Recorder();

  // Every packet, in order. `packet` has direction and traffic_class. No allocation (live), no system call.
  void on_packet(const Frame& frame, const Packet& packet);

  // Starts the incident's file with the matching recent frames from `since` on (and context from before), then keeps the matching ones of
  // on_packet: everything at first, from half of the budget on one in 2^k. Returns the file's path, for Incident::evidence_path. An
  // incident whose file was closed goes on in another one with what is left of its budget.
  Result<std::string> open_incident(const Incident& incident, TimeNs since);
  // The incident's selectors have changed. Classes that were not asked for before are also looked up in the ring.
  Result<void> update(const Incident& incident);
  Result<void> close(const std::string& id);
  // About once a second: brings the files up to date. `passed`: time since the last call (live), so that the ring forgets and gives memory
  // back also while no packet comes.
  Result<void> flush(DurationNs passed = 0);
  // Closes all files. The first error, if any.
  Result<void> finish();

  bool is_open(const std::string& id) const;
  EvidenceStats stats() const;
  // What went wrong since the last call (a full disk); at most one sentence per incident.
  std::vector<Error> take_errors();

 private:
  struct Budget;
  struct Open;
  Recorder(EvidenceSettings settings, HashKey key, std::unique_ptr<EvidenceOutput> output);
  void keep(Open& open, StoredFrame frame, std::uint64_t hash);
  void keep_context(Open& open, StoredFrame frame, std::uint64_t stands_for);
  bool hand_over(Open& open, const StoredFrame& frame);
  void look_back(Open& open, const std::vector<Matcher>& wanted, const std::vector<Matcher>& had);
  void refresh();
  void set_pace(Open& open) const;
  StoredFrame stored(const Open& open, const Frame& frame, Direction direction) const;

  EvidenceSettings settings_;
  HashKey key_;
  std::unique_ptr<EvidenceOutput> output_;
  FrameRing recent_, beats_;
  std::vector<std::unique_ptr<Open>> open_;
  std::vector<Budget> spent_;   // of closed incidents that may come back; the oldest go first
  FrameRing::Classes classes_;  // what any open incident could want
  // Open incidents by the local address that they are about, and those that are about any.
  std::array<std::vector<Open*>, 256> by_local_;
  std::vector<Open*> anywhere_;
  std::int64_t files_made_ = 0;
  TimeNs now_ = 0;  // the newest packet's time, and what passed since
  TimeNs flushed_at_ = 0;
  std::uint64_t next_index_ = 0;  // one more than the newest packet's
  EvidenceStats stats_;
};

}  // namespace sekisho
