// By the path of the executable, which a process cannot choose as it can its name.
#include "model/raw_socket_owners.h"

#include <algorithm>

#include "base/glob.h"

namespace sekisho {

bool is_raw_socket_owner(const Process& process) {
  if (process.exe.empty() || process.exe_deleted || !process.container.empty()) return false;
  return std::any_of(std::begin(kRawSocketOwners), std::end(kRawSocketOwners),
                     [&](const RawSocketOwner& owner) { return matches_glob(owner.path, process.exe); });
}

}  // namespace sekisho
