// ProcessTable: which process holds a socket, and who started it; from /proc, looked at only when somebody asks.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/process.h"

namespace sekisho {

// One thread. A look through all descriptors costs about 100 ms for 1,000 processes; it ends after kMaxProcesses.
class ProcessTable {
 public:
  static constexpr std::size_t kMaxProcesses = 65'536, kMaxDescriptors = 65'536;
  // Who holds these sockets (by inode) now. What an earlier look found and is still wanted stays known, so that a process which ended
  // meanwhile keeps its name.
  void look(const std::unordered_set<std::uint64_t>& inodes);
  const Process* holder(std::uint64_t inode) const;  // nullptr: nobody known; the program itself is left out
  // The process's ancestors, nearest first, at most 8; read now.
  static std::vector<Process> parents(const Process& process);
  static bool read(std::int64_t pid, Process& into);
  // The sockets (by inode) that the process holds now, of its first kMaxDescriptors descriptors.
  static std::unordered_set<std::uint64_t> sockets_of(std::int64_t pid);

 private:
  std::unordered_map<std::uint64_t, Process> holders_;
};

}  // namespace sekisho
