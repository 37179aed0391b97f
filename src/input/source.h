// Source: the door of the room input. A source pushes batches of frames into an Intake until it ends or is stopped.
#pragma once
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/packet.h"

namespace sekisho {

class Intake {
 public:
  virtual ~Intake() = default;
  // Frames in order of time as the source knows it. Their bytes are valid until this call returns. At most kMaxBatch frames.
  virtual void on_frames(std::span<const Frame> frames) = 0;
  // Live sources: nothing came for a while, and the wall clock says `now`.
  virtual void on_idle(TimeNs now) { static_cast<void>(now); }
};
constexpr std::size_t kMaxBatch = 1024;

// Packets and bytes on the wire, one direction of the link (not of the host: a router's forwarded packets are in both).
struct LinkTotals {
  std::uint64_t packets = 0, bytes = 0;
};

// What a live source knows about itself. Everything counts since open() unless it says otherwise.
struct SourceStats {
  std::string name;                     // "packet_socket", "xdp", "tc"; empty: not a live source
  std::vector<std::string> interfaces;  // watched, in the order of Frame::interface
  std::vector<std::string> notes;       // sentences: why not a better source, which interface was left out, what is not seen
  std::uint64_t frames = 0;             // handed over
  std::uint64_t lost = 0;               // frames that the kernel had no room for
  std::uint32_t sampling = 1;           // now: at most one of so many is handed over
  std::uint32_t max_sampling = 1;
  LinkTotals seen_in, seen_out;    // handed over, weights applied
  LinkTotals exact_in, exact_out;  // by counters; all zero where there are none
  double disagreement = 0;         // of the last whole second: |seen - exact| / exact, beyond what timing and chance explain; 0 = agrees
  std::uint64_t blocked = 0;       // packets dropped by the block list
  bool degraded = false;           // now: sampled, losing, or in disagreement; within the last ten seconds
};

class BlockList;

class Source {
 public:
  virtual ~Source() = default;
  // Blocks until the source ends (files), fails, or `stop` is requested. Damage that leaves something readable is no failure.
  virtual Result<void> run(Intake& intake, std::stop_token stop) = 0;
  // By the thread of run(), also from within the intake's calls; or when run() is not active.
  virtual SourceStats stats() { return {}; }
  // The list whose packets this source drops before anything else sees them; null when it cannot. By the thread of run().
  virtual BlockList* early_blocks() { return nullptr; }
};

}  // namespace sekisho
