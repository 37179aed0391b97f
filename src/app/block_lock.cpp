// A file named after the namespace, in the folder of the control socket.
#include "app/block_lock.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace sekisho {
namespace {

constexpr std::string_view kLockFolder = "/run/sekisho";

}  // namespace

Result<FileLock> take_block_lock() {
  if (::mkdir(std::string{kLockFolder}.c_str(), 0755) != 0 && errno != EEXIST)
    return Error{fmt::format("the folder {} cannot be made: {}", kLockFolder, std::strerror(errno))};
  struct stat ns {
  }, folder{};
  if (::stat("/proc/self/ns/net", &ns) != 0) return Error{fmt::format("/proc/self/ns/net cannot be read: {}", std::strerror(errno))};
  const auto path = fmt::format("{}/block-{}.lock", kLockFolder, ns.st_ino);
  auto lock = TRY(FileLock::take(path, "another sekisho keeps the block list of this network", "ask it through its own [control] socket"));
  // The agent may be another user than root, who made it first.
  if (::stat(std::string{kLockFolder}.c_str(), &folder) == 0 && ::geteuid() == 0)
    static_cast<void>(::chown(path.c_str(), folder.st_uid, folder.st_gid) == 0);
  return lock;
}

}  // namespace sekisho
