// BlockList: addresses and networks whose packets the programs of bpf/ drop on ingress.
#pragma once
#include <set>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "input/bpf_programs.h"
#include "model/address.h"

namespace sekisho {

constexpr std::size_t kMaxBlockedAddresses = SK_BLOCKED_ROOM, kMaxBlockedNetworks = SK_NETWORKS_ROOM;

// One thread. Changes hold for the next packet. Addresses are cheap for the packet path however many there are; networks are looked up for
// each packet as soon as there is one, so they should be few.
class BlockList {
 public:
  explicit BlockList(BpfPrograms& programs) : programs_(programs) {}

  // An error when the list is full or the kernel refuses. Adding twice and removing what is not there do nothing.
  Result<void> add(const Network& network);
  Result<void> remove(const Network& network);
  std::size_t size() const { return addresses_.size() + networks_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Address& a) const;
  };
  Result<void> change_network(const Network& network, bool add);
  void rebuild_filter();
  void publish();

  BpfPrograms& programs_;
  std::unordered_set<Address, Hash> addresses_;
  std::set<Network> networks_;
  std::size_t stale_ = 0;  // removed addresses whose bits are still in the filter
};

}  // namespace sekisho
