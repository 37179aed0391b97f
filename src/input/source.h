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

class Source {
 public:
  virtual ~Source() = default;
  // Blocks until the source ends (files), fails, or `stop` is requested. Damage that leaves something readable is no failure.
  virtual Result<void> run(Intake& intake, std::stop_token stop) = 0;
};

}  // namespace sekisho
