// Opens by openat2 with RESOLVE_IN_ROOT, looks with O_PATH first, and opens only what is a regular file.
#include "base/rooted_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace sekisho {
namespace {

thread_local int last_error = 0;

int open_in_root(int root, const char* path, std::uint64_t flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    // EAGAIN: something was renamed meanwhile, so that the kernel could not rule out an escape.
    if (errno != EINTR && (errno != EAGAIN || attempt > 16)) break;
  }
  last_error = errno;
  return -1;
}

FileInfo info_of(const struct stat& s) {
  FileInfo info;
  info.kind = S_ISREG(s.st_mode)   ? FileKind::regular
              : S_ISDIR(s.st_mode) ? FileKind::folder
              : S_ISLNK(s.st_mode) ? FileKind::link
                                   : FileKind::other;
  info.size_bytes = static_cast<std::uint64_t>(std::max<off_t>(s.st_size, 0));
  info.modified_s = s.st_mtime;
  info.changed_s = s.st_ctime;
  info.mode = s.st_mode & 07777;
  info.uid = s.st_uid;
  info.device = s.st_dev;
  info.inode = s.st_ino;
  return info;
}

FileInfo info_of(const Fd& fd) {
  struct stat s {};
  return fd && ::fstat(fd.get(), &s) == 0 ? info_of(s) : FileInfo{};
}

Error failure(const std::string& path, int error) {
  last_error = error;
  return Error{fmt::format("{}: {}", escape_hostile(path), std::strerror(error))};
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

// A readable handle of what an O_PATH handle means; going by /proc/self/fd, nobody can have exchanged the file in between.
Fd reopen(const Fd& handle, int flags) {
  const auto path = fmt::format("/proc/self/fd/{}", handle.get());
  Fd fd{::open(path.c_str(), flags | O_CLOEXEC)};
  if (!fd) last_error = errno;
  return fd;
}

// Of a regular file only: no FIFO blocks, no device is touched.
Fd open_readable(const Fd& handle) {
  const auto kind = info_of(handle).kind;
  if (kind == FileKind::regular) return reopen(handle, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  last_error = kind == FileKind::folder ? EISDIR : ENXIO;
  return {};
}

bool is_dot(const char* name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

struct Walk {
  const WalkLimits& limits;
  const std::function<bool(const FolderEntry&)>& visit;
  std::size_t entries = 0;
  bool stopped = false;
  WalkEnd end = WalkEnd::complete;

  bool out_of_bounds() {
    if (entries >= limits.max_entries) end = WalkEnd::entry_limit;
    // The clock is asked now and then: 100,000 entries take a fraction of a second.
    if ((entries & 63) == 0 && std::chrono::steady_clock::now() > limits.deadline) end = WalkEnd::time_limit;
    return end != WalkEnd::complete;
  }

  // Takes the handle; depth first, with as many open folders as the path is deep.
  void folder(Fd handle, const std::string& path, std::uint64_t device, int depth) {
    Folder folder{::fdopendir(handle.get())};
    if (!folder) return;
    handle.release();
    const int fd = ::dirfd(folder.get());
    while (!stopped && end == WalkEnd::complete) {
      const dirent* entry = ::readdir(folder.get());
      if (!entry) return;
      if (is_dot(entry->d_name)) continue;
      if (out_of_bounds()) return;
      ++entries;
      struct stat s {};
      if (::fstatat(fd, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
      FolderEntry found{path + "/" + entry->d_name, info_of(s)};
      if (!visit(found)) {
        stopped = true;
        return;
      }
      if (found.info.kind != FileKind::folder || depth >= limits.max_depth) continue;
      if (!limits.cross_devices && found.info.device != device) continue;
      Fd below{::openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
      if (below) this->folder(std::move(below), found.path, found.info.device, depth + 1);
    }
  }
};

}  // namespace

int RootedFolder::last_errno() { return last_error; }

Result<RootedFolder> RootedFolder::open(const std::string& folder) {
  Fd fd{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return failure(folder, errno);
  const Fd probe{open_in_root(fd.get(), "/", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT)};
  if (!probe && last_error == ENOSYS)
    return Error{"this kernel has no openat2 (Linux 5.6 or later is needed), so that a folder cannot be read safely"};
  struct stat here {
  }, host{};
  const bool is_host = ::fstat(fd.get(), &here) == 0 && ::stat("/", &host) == 0 && here.st_dev == host.st_dev && here.st_ino == host.st_ino;
  return RootedFolder{std::move(fd), is_host};
}

Fd RootedFolder::open_path(const std::string& path, bool follow) const {
  return Fd{open_in_root(root_.get(), path.c_str(), O_PATH | (follow ? 0ULL : O_NOFOLLOW), RESOLVE_IN_ROOT)};
}

Result<FileText> RootedFolder::read(const std::string& path, std::size_t max_bytes) const {
  const Fd handle = open_path(path, true);
  if (!handle) return failure(path, last_error);
  const Fd fd = open_readable(handle);
  if (!fd) return failure(path, last_error);
  FileText out;
  constexpr std::size_t kChunk = 65'536;
  while (out.text.size() <= max_bytes) {
    const auto used = out.text.size();
    out.text.resize(used + std::min(kChunk, max_bytes + 1 - used));
    const auto got = ::read(fd.get(), out.text.data() + used, out.text.size() - used);
    const int error = errno;
    out.text.resize(used + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error == EINTR) continue;
    if (got < 0) return failure(path, error);
    if (got == 0) break;
  }
  out.truncated = out.text.size() > max_bytes;
  if (out.truncated) out.text.resize(max_bytes);
  return out;
}

Result<std::string> RootedFolder::read_handle(const Fd& handle, const std::string& path, std::uint64_t offset,
                                              std::size_t max_bytes) const {
  if (!handle) return failure(path, last_error);
  const Fd fd = open_readable(handle);
  if (!fd) return failure(path, last_error);
  std::string bytes(max_bytes, '\0');
  const auto got = ::pread(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (got < 0) return failure(path, errno);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

Result<std::string> RootedFolder::read_at(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const {
  return read_handle(open_path(path, true), path, offset, max_bytes);
}

Result<std::string> RootedFolder::read_running(std::int64_t pid, std::uint64_t offset, std::size_t max_bytes) const {
  const auto path = fmt::format("/proc/{}/exe", pid);
  if (!is_host_) return Error{path + ": only the running system has running executables"};
  Fd handle{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!handle) last_error = errno;
  return read_handle(handle, path, offset, max_bytes);
}

Result<std::string> RootedFolder::link_text(const std::string& path) const {
  const Fd handle = open_path(path, false);
  if (!handle) return failure(path, last_error);
  std::string text(4096, '\0');
  const auto got = ::readlinkat(handle.get(), "", text.data(), text.size());
  if (got < 0) return failure(path, errno);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

FileInfo RootedFolder::info(const std::string& path) const { return info_of(open_path(path, false)); }
FileInfo RootedFolder::followed_info(const std::string& path) const { return info_of(open_path(path, true)); }

Result<std::vector<FolderEntry>> RootedFolder::list(const std::string& path, std::size_t max_entries) const {
  std::vector<FolderEntry> entries;
  WalkLimits limits;
  limits.max_entries = max_entries;
  limits.max_depth = 0;
  const Fd handle = open_path(path, true);
  if (!handle && (last_error == ENOENT || last_error == ENOTDIR)) return entries;
  if (!handle) return failure(path, last_error);
  if (info_of(handle).kind != FileKind::folder) return entries;
  Fd folder = reopen(handle, O_RDONLY | O_DIRECTORY);
  if (!folder) return failure(path, last_error);
  const std::function<bool(const FolderEntry&)> keep = [&](const FolderEntry& entry) {
    entries.push_back(entry);
    return true;
  };
  Walk walk{limits, keep};
  walk.folder(std::move(folder), path, 0, 0);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return entries;
}

WalkEnd RootedFolder::walk(const std::string& path, const WalkLimits& limits, const std::function<bool(const FolderEntry&)>& visit) const {
  const Fd handle = open_path(path, true);
  const auto info = info_of(handle);
  if (info.kind != FileKind::folder) return WalkEnd::complete;
  Fd folder = reopen(handle, O_RDONLY | O_DIRECTORY);
  if (!folder) return WalkEnd::complete;
  Walk walk{limits, visit};
  walk.folder(std::move(folder), path, info.device, 0);
  return walk.end;
}

}  // namespace sekisho
