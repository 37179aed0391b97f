// HostWatch: what changes on the host beside its packets: addresses, and what the kernel counts.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/pipeline.h"
#include "input/address_watch.h"
#include "input/kernel_counters.h"

namespace sekisho {

// One thread, the pipeline's.
class HostWatch {
 public:
  // `follow_addresses`: the local side is whatever addresses this host has; else it was told and stays.
  HostWatch(const std::vector<std::string>& interfaces, bool follow_addresses);
  // Once a second: tells the pipeline what is new.
  void look(Pipeline& pipeline, TimeNs now);

 private:
  KernelCounters counters_;
  std::optional<AddressWatch> addresses_;
  std::vector<Network> local_;
};

}  // namespace sekisho
