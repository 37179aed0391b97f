// Finds cgroups below the cgroup2 mount point.
#include "response/cgroup_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "model/proc_text.h"

namespace sekisho {
namespace {

constexpr std::string_view kSys = "/sys/fs/cgroup";
constexpr std::size_t kMaxProcesses = 10'000;

Result<std::string> mount_point(const RootedFolder& files) {
  const auto text = files.read("/proc/self/mountinfo", 1 << 20);
  if (text.ok())
    for (const auto& mount : parse_mounts(text.value().text))
      if (mount.type == "cgroup2" && (mount.point == kSys || mount.point.starts_with(std::string{kSys} + "/"))) return mount.point;
  return Error{"there is no cgroup v2 hierarchy below /sys/fs/cgroup, by which the packet filter could tell processes apart; use --uid or --host"};
}

void read_processes(const RootedFolder& files, const std::string& folder, std::vector<std::int64_t>& into) {
  const auto text = files.read(folder + "/cgroup.procs", 1 << 20);
  if (!text.ok()) return;
  for (std::string_view rest = text.value().text; !rest.empty() && into.size() < kMaxProcesses;) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::int64_t pid = 0;
    std::from_chars(rest.data(), rest.data() + end, pid);
    if (pid > 0) into.push_back(pid);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

Result<CgroupPlace> place_of(const RootedFolder& files, const std::string& mount, const std::string& path) {
  CgroupPlace place;
  place.path = path;
  place.nft_path = (mount + path).substr(kSys.size() + 1);
  place.level = static_cast<unsigned>(std::count(path.begin(), path.end(), '/'));
  // The name goes into a text that nft parses: what could end it is refused.
  for (const char c : place.nft_path)
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return Error{fmt::format("the cgroup's name {} cannot be given to the packet filter", escape_hostile(path))};
  read_processes(files, mount + path, place.processes);
  WalkLimits limits;
  limits.max_entries = 100'000;
  files.walk(mount + path, limits, [&](const FolderEntry& entry) {
    if (entry.info.kind == FileKind::folder) read_processes(files, entry.path, place.processes);
    return place.processes.size() < kMaxProcesses;
  });
  return place;
}

}  // namespace

Result<CgroupPlace> find_cgroup(const RootedFolder& files, const std::string& path) {
  const auto mount = TRY(mount_point(files));
  std::string inside = path;
  if (inside.starts_with(mount + "/")) inside = inside.substr(mount.size());
  if (!inside.starts_with('/')) inside = "/" + inside;
  while (inside.size() > 1 && inside.ends_with('/')) inside.pop_back();
  if (inside == "/") return Error{"the root cgroup is the whole host: use --host", ErrorKind::usage};
  const bool climbs = inside.find("/../") != std::string::npos || inside.ends_with("/..") || inside.find("/./") != std::string::npos || inside.find("//") != std::string::npos;
  if (climbs || files.info(mount + inside).kind != FileKind::folder)
    return Error{fmt::format("there is no cgroup {} (below {}); systemd-cgls lists them", escape_hostile(inside), mount), ErrorKind::usage};
  return place_of(files, mount, inside);
}

Result<CgroupPlace> find_unit(const RootedFolder& files, const std::string& unit) {
  const auto mount = TRY(mount_point(files));
  std::optional<std::string> found;
  WalkLimits limits;
  limits.max_entries = 200'000;
  files.walk(mount, limits, [&](const FolderEntry& entry) {
    if (entry.info.kind == FileKind::folder && entry.path.ends_with("/" + unit)) found = entry.path;
    return !found;
  });
  if (unit.empty() || unit.find('/') != std::string::npos || !found)
    return Error{fmt::format("no running unit is called '{0}' (no such cgroup below {1}); try: systemctl status {0}", escape_hostile(unit, 80), mount), ErrorKind::usage};
  return place_of(files, mount, found->substr(mount.size()));
}

}  // namespace sekisho
