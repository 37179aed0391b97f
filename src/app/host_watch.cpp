// Reads the kernel's counters and follows the addresses.
#include "app/host_watch.h"

#include "input/interfaces.h"

namespace sekisho {

HostWatch::HostWatch(const std::vector<std::string>& interfaces, bool follow_addresses) : counters_(KernelCounters::open(interfaces)) {
  counters_.read();
  if (!follow_addresses) return;
  if (auto watch = AddressWatch::open(); watch.ok()) addresses_.emplace(std::move(watch).value());
  local_ = local_networks();
}

void HostWatch::look(Pipeline& pipeline, TimeNs now) {
  pipeline.note_kernel(counters_.read(), now);
  if (!addresses_ || !addresses_->changed()) return;
  auto networks = local_networks();
  if (networks.empty() || networks == local_) return;
  local_ = networks;
  pipeline.set_local(std::move(networks));
}

}  // namespace sekisho
