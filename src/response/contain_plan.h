// ContainPlan: whose outgoing packets are dropped, for how long, what stays allowed; pure: from the plan to the text of one nft transaction.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/address.h"

namespace sekisho {

enum class ContainKind : std::uint8_t { uid, cgroup, host };

struct ManagementPeer {
  Address address;
  std::uint16_t local_port = 22;  // of the SSH server here
  std::uint16_t peer_port = 0;    // of the session; 0 = not known. New sessions have others, so the rules do not look at it
};

struct ContainPlan {
  std::string id;  // letters and digits
  ContainKind kind = ContainKind::host;
  std::uint32_t uid = 0;
  std::string cgroup;            // path below /sys/fs/cgroup as nft wants it: "system.slice/x.service"
  unsigned cgroup_level = 0;     // how deep it lies in the unified hierarchy, from 1
  std::vector<Network> allow;    // stays reachable
  std::vector<ManagementPeer> management;
  std::vector<std::string> devices;  // host: where packet sockets are stopped as well (netdev egress); empty: nowhere
};

constexpr std::string_view kContainPrefix = "sekisho_contain_";
std::string contain_table(const std::string& id);  // "sekisho_contain_7K3F2Q"

// One transaction that makes the plan's tables. Everything is inside "when the gate's elements have not timed out": the kernel itself ends the
// containment after `seconds`, also when no process of ours lives. Management and `allow` are accepted before anything is dropped.
std::string contain_batch(const ContainPlan& plan, std::int64_t seconds);
// Gives the gate another time from now: the confirmation. `has_devices`: there is a table of family netdev too.
std::string extend_batch(const std::string& id, bool has_devices, std::int64_t seconds);
// Takes the tables away.
std::string release_batch(const std::string& id, bool has_devices);

}  // namespace sekisho
