// Recorder: the door of the room evidence. Keeps recent frames and writes one pcapng file per incident with the packets that belong to it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "evidence/frame_ring.h"
#include "model/incident.h"

namespace sekisho {

struct EvidenceSettings {
  std::string dir;                             // made if it is missing (0700); files are DIR/<incident id>.pcapng, 0600
  std::int64_t ring_bytes = 32 * 1024 * 1024;  // recent frames of all kinds
  DurationNs ring_age = 10 * kSecond;
  std::int64_t beats_bytes = 4 * 1024 * 1024;  // frames of quiet TCP connections (1-32 payload bytes), kept for much longer:
  DurationNs beats_age = 15 * kMinute;         //   a keepalive once a minute is long gone from the ring when it is recognised
  std::int64_t snap_bytes = 128;               // stored of each frame; C2 incidents get whole frames from when they open
  std::int64_t max_packets = 10'000, max_bytes = 16 * 1024 * 1024;  // per incident
  std::int64_t max_open = 64;                                       // files being written at a time
  std::int64_t max_files = 1'000;                                   // files made in one run
  std::string application = "sekisho";                              // named in the files
};

struct EvidenceStats {
  std::uint64_t packets_written = 0, bytes_written = 0;
  std::uint64_t thinned = 0;       // belonged, but only one of 2^k is kept late in a long incident
  std::uint64_t over_budget = 0;   // belonged, but the incident's file is full
  std::uint64_t lost = 0;          // belonged, but the file could not be written any more
  std::uint64_t ring_evicted = 0;  // left the ring before their age because it was full
};

// One thread (the one that owns detection). Memory: ring_bytes + beats_bytes + about 64 kB per open file. Files are written through a
// buffer: flush() brings them up to date.
class Recorder {
 public:
  static Result<std::unique_ptr<Recorder>> open(EvidenceSettings settings, HashKey key = {});
  ~Recorder();

  // Every packet, in order. `packet` has direction and traffic_class. No allocation; a system call only when a file's buffer is full.
  void on_packet(const Frame& frame, const Packet& packet);

  // Starts the incident's file with the matching recent frames from `since` on, then keeps the matching ones of on_packet: everything at
  // first, from half of the budget on one in 2^k. Returns the file's path, for Incident::evidence_path.
  Result<std::string> open_incident(const Incident& incident, TimeNs since);
  // The incident's selectors have changed. Classes that were not asked for before are also looked up in the ring.
  Result<void> update(const Incident& incident);
  Result<void> close(const std::string& id);
  Result<void> flush();
  // Closes all files. The first error, if any.
  Result<void> finish();

  bool is_open(const std::string& id) const;
  EvidenceStats stats() const;
  // What went wrong in on_packet since the last call (a full disk); at most one sentence per incident.
  std::vector<Error> take_errors();

 private:
  struct Open;
  Recorder(EvidenceSettings settings, HashKey key);
  void keep(Open& open, StoredFrame frame, std::uint64_t index);
  void look_back(Open& open, TimeNs since, const std::vector<Matcher>& wanted, const std::vector<Matcher>& had);
  void refresh_classes();

  EvidenceSettings settings_;
  HashKey key_;
  FrameRing recent_, beats_;
  std::vector<std::unique_ptr<Open>> open_;
  TrafficClassSet classes_[2];  // what any open incident could want, by direction
  std::int64_t files_made_ = 0;
  EvidenceStats stats_;
  std::vector<Error> errors_;
};

}  // namespace sekisho
