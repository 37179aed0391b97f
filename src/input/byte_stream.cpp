// Streams over file descriptors and over memory.
#include "input/byte_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sekisho {
namespace {

constexpr int kStopCheckMs = 50;  // how long a stop may go unnoticed while a pipe is silent

class FileStream final : public ByteStream {
 public:
  FileStream(int fd, bool owned, bool may_block, std::atomic<std::uint64_t>* done)
      : fd_(fd), owned_(owned), may_block_(may_block), done_(done) {}
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;
  ~FileStream() override {
    if (owned_) ::close(fd_);
  }

  std::size_t read(std::span<std::uint8_t> into, const std::stop_token& stop) override {
    while (failure_.empty()) {
      if (may_block_ && !wait_readable(stop)) return 0;
      const ssize_t got = ::read(fd_, into.data(), into.size());
      if (got >= 0) {
        if (done_) done_->fetch_add(static_cast<std::uint64_t>(got), std::memory_order_relaxed);
        return static_cast<std::size_t>(got);
      }
      if (errno == EINTR || errno == EAGAIN) {
        if (stop.stop_requested()) return 0;
        continue;
      }
      failure_ = std::string("reading failed: ") + std::strerror(errno);
    }
    return 0;
  }
  const std::string& failure() const override { return failure_; }

 private:
  // A pipe may stay silent for ever: wait in small steps. False when stop was requested.
  bool wait_readable(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd wanted{fd_, POLLIN, 0};
      const int ready = ::poll(&wanted, 1, kStopCheckMs);
      if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // readable, hung up or broken: read() tells which
    }
    return false;
  }

  int fd_;
  bool owned_;
  bool may_block_;
  std::atomic<std::uint64_t>* done_;
  std::string failure_;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::span<const std::uint8_t> bytes, std::size_t chunk) : bytes_(bytes), chunk_(chunk) {}
  std::size_t read(std::span<std::uint8_t> into, const std::stop_token&) override {
    const std::size_t n = std::min({into.size(), bytes_.size(), chunk_});
    if (n != 0) std::memcpy(into.data(), bytes_.data(), n);
    bytes_ = bytes_.subspan(n);
    return n;
  }
  const std::string& failure() const override { return failure_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t chunk_;
  std::string failure_;
};

Unreadable open_problem(int error) {
  switch (error) {
    case ENOENT: return {"there is no such file", "Check the spelling."};
    case EACCES:
    case EPERM: return {"permission denied", "Run as a user that may read it (for example with sudo), or change its mode."};
    case EMFILE:
    case ENFILE: return {"too many files are open", "Raise the limit (ulimit -n) or give fewer files."};
    default: return {std::strerror(error), ""};
  }
}

}  // namespace

OpenFile open_file(const std::string& path, std::atomic<std::uint64_t>* done) {
  const bool standard_input = path == "-";
  // Not blocking, so that a named pipe without a writer cannot hang the open. Standard input is shared: its flags are not ours to change.
  const int fd = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return {{}, open_problem(errno)};
  struct stat about {};
  if (::fstat(fd, &about) != 0) {
    const int error = errno;
    if (!standard_input) ::close(fd);
    return {{}, standard_input ? Unreadable{"standard input is closed", "Pipe a capture into it, or name a file."} : open_problem(error)};
  }
  OpenFile result;
  const bool regular = S_ISREG(about.st_mode);
  result.opened.stream = std::make_unique<FileStream>(fd, !standard_input, !regular, done);
  result.opened.may_block = !regular;
  result.opened.reopenable = regular && !standard_input;
  if (S_ISDIR(about.st_mode)) {
    result.opened.stream.reset();
    result.problem = {"a folder, not a file", ""};
  } else if (::isatty(fd) == 1) {
    result.opened.stream.reset();
    result.problem = {"a terminal, not a capture", "Pipe a capture into it (tcpdump -w - | ...), or name a file."};
  } else if (regular) {
    result.opened.size_bytes = static_cast<std::uint64_t>(about.st_size);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return result;
}

std::unique_ptr<ByteStream> memory_stream(std::span<const std::uint8_t> bytes, std::size_t chunk) {
  return std::make_unique<MemoryStream>(bytes, std::max<std::size_t>(chunk, 1));
}

}  // namespace sekisho
