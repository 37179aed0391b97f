// Where a unit or a cgroup lies in the unified hierarchy, as nftables and the kernel want it said.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/rooted_folder.h"

namespace sekisho {

struct CgroupPlace {
  std::string nft_path;                 // below /sys/fs/cgroup: "system.slice/x.service", "unified/x" on hybrid hosts
  std::string path;                     // in the hierarchy: "/system.slice/x.service"
  unsigned level = 0;                   // its depth, from 1
  std::vector<std::int64_t> processes;  // in it and below, at most 10,000
};

// `path`: "/system.slice/x.service", or with the mount point before it. Errors say what is there.
Result<CgroupPlace> find_cgroup(const RootedFolder& files, const std::string& path);
// By the name of the folder: "x.service", "docker-0123….scope". The unit must be running.
Result<CgroupPlace> find_unit(const RootedFolder& files, const std::string& unit);

}  // namespace sekisho
