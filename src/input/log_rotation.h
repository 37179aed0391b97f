// Rotated logs: which files beside FILE are its predecessors, and how a file is found again after it was renamed, copied or packed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "input/byte_stream.h"

namespace sekisho {

// A place in a file, and what tells the file from others: its inode, and a hash of how it begins (copies have another inode).
struct LogPlace {
  std::uint64_t device = 0, inode = 0;
  std::uint64_t offset = 0;      // of the unpacked bytes
  std::uint32_t head_bytes = 0;  // how much of the beginning `head_hash` covers; 0 = nothing was there yet
  std::uint64_t head_hash = 0;
};
constexpr std::uint32_t kMostHeadBytes = 1024;

std::string to_text(const LogPlace& place);
std::optional<LogPlace> parse_place(std::string_view text);
std::uint64_t head_hash(std::string_view bytes);

// A file that was opened for reading from some place on. Closes itself.
class OpenLog {
 public:
  // `skip` unpacked bytes are passed over; empty with errno set when the file cannot be opened, is no regular file, or is shorter.
  static std::unique_ptr<OpenLog> open(const std::string& path, std::uint64_t skip = 0);
  ~OpenLog();
  OpenLog(const OpenLog&) = delete;
  OpenLog& operator=(const OpenLog&) = delete;

  std::size_t read(std::span<char> into);  // 0 = the end for now
  bool packed() const { return packed_; }
  const std::string& path() const { return path_; }
  const std::string& failure() const { return failure_; }  // why the bytes ended early; empty while all is well
  std::uint64_t offset() const { return offset_; }         // unpacked bytes read so far, the skipped ones included
  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }
  TimeNs modified() const { return modified_; }
  int fd() const { return fd_; }
  // The first (unpacked) bytes, for LogPlace; false when they cannot be read any more.
  bool head(std::uint32_t most, std::string& out) const;

 private:
  OpenLog() = default;
  std::string path_, failure_;
  int fd_ = -1;
  bool packed_ = false;
  std::unique_ptr<ByteStream> unpacked_;
  std::uint64_t offset_ = 0, device_ = 0, inode_ = 0;
  TimeNs modified_ = 0;
};

// FILE's predecessors beside it, oldest first: FILE.2.gz, FILE.1, FILE-20240101.xz … Where FILE.1 and FILE.1.gz both exist, the plain one.
std::vector<std::string> rotated_predecessors(const std::string& path);

// The file among `candidates` (oldest first) that `place` belongs to: the same inode, else one that begins alike and is long enough.
std::optional<std::size_t> find_place(const std::vector<std::string>& candidates, const LogPlace& place);

}  // namespace sekisho
