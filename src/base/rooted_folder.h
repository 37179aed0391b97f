// RootedFolder: reads what lies beneath one folder, and nothing outside of it, whatever the names and links in it say.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sekisho {

enum class FileKind : std::uint8_t { missing, regular, folder, link, other };  // other: FIFO, socket, device; these are never opened

struct FileInfo {
  FileKind kind = FileKind::missing;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_s = 0;  // mtime, seconds since 1970: can be set at will
  std::int64_t changed_s = 0;   // ctime: the kernel's own, but of the copy when a file was copied
  std::uint32_t mode = 0;       // permission bits
  std::uint32_t uid = 0;
  std::uint64_t device = 0, inode = 0;
};

struct FileText {
  std::string text;
  bool truncated = false;  // the file is longer than what was asked for
};

struct FolderEntry {
  std::string path;  // as asked for, plus "/" and the name: raw bytes, escape before printing
  FileInfo info;
};

enum class WalkEnd : std::uint8_t { complete, entry_limit, time_limit };

struct WalkLimits {
  std::size_t max_entries = 100'000;  // entries looked at, folders included
  int max_depth = 16;                 // folders below the first; deeper ones are not entered
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  bool cross_devices = false;  // enter folders of other file systems
};

// Paths are absolute ("/etc/passwd") and are resolved as if the folder were "/": absolute links and ".." stay inside (openat2,
// RESOLVE_IN_ROOT; Linux 5.6). A file is looked at before it is opened (O_PATH), so that no FIFO blocks and no device is touched.
// Thread rules: const functions may be called by several threads at once.
class RootedFolder {
 public:
  static Result<RootedFolder> open(const std::string& folder);
  bool is_host() const { return is_host_; }  // the folder is "/" itself

  // The whole file, at most max_bytes. An error names path and reason; see last_errno for why.
  Result<FileText> read(const std::string& path, std::size_t max_bytes) const;
  // At most max_bytes from an offset: for looking into binaries.
  Result<std::string> read_at(const std::string& path, std::uint64_t offset, std::size_t max_bytes) const;
  // The same of /proc/PID/exe of the running system, deleted or not; an error when this folder is not "/".
  Result<std::string> read_running(std::int64_t pid, std::uint64_t offset, std::size_t max_bytes) const;
  // What a link says, unresolved; nothing when it is none.
  Result<std::string> link_text(const std::string& path) const;
  FileInfo info(const std::string& path) const;           // of the thing itself, links not followed in the last part
  FileInfo followed_info(const std::string& path) const;  // of what it leads to, inside the folder
  bool exists(const std::string& path) const { return followed_info(path).kind != FileKind::missing; }
  // The entries of one folder, sorted by name, at most max_entries; a missing folder has none.
  Result<std::vector<FolderEntry>> list(const std::string& path, std::size_t max_entries) const;
  // Every entry beneath a folder, folders before what they hold; links are reported, never followed. visit returns false to stop early.
  WalkEnd walk(const std::string& path, const WalkLimits& limits, const std::function<bool(const FolderEntry&)>& visit) const;

  // The errno of the last failure of open or read in this thread; ENOENT and ENOTDIR mean "not there", EACCES and EPERM "not permitted".
  static int last_errno();

 private:
  RootedFolder(Fd fd, bool is_host) : root_(std::move(fd)), is_host_(is_host) {}
  Fd open_path(const std::string& path, bool follow) const;
  Result<std::string> read_handle(const Fd& handle, const std::string& path, std::uint64_t offset, std::size_t max_bytes) const;

  Fd root_;
  bool is_host_ = false;
};

}  // namespace sekisho
