// CaptureFacts: what the live source says about itself, for `sekisho status`.
#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "app/agent_status.h"
#include "input/source.h"
#include "model/address.h"
#include "model/incident.h"

namespace sekisho {

// update() by the source's thread, all others by any.
class CaptureFacts {
 public:
  explicit CaptureFacts(std::vector<Network> local) : local_(std::move(local)) {}
  void update(SourceStats stats);
  std::uint64_t lost() const;
  // For incidents: what holds now, and whether shares and sources are less certain for it.
  CaptureState state() const;
  bool degraded() const;
  // mode, interfaces, local, frames, lost, sampling, exact and seen totals, degraded, notes.
  std::string json() const;
  std::vector<HealthLine> problems() const;

 private:
  const std::vector<Network> local_;
  mutable std::mutex mutex_;
  SourceStats stats_;
};

}  // namespace sekisho
