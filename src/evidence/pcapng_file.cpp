// The careful way of blocks to the disk.
#include "evidence/pcapng_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/text.h"
#include "evidence/pcapng_blocks.h"

namespace sekisho {
namespace {

constexpr std::size_t kFlushAt = 32 * 1024, kFlushCompressedAt = 64 * 1024;

}  // namespace

PcapngFile::PcapngFile(int fd, std::string path, const PcapngSettings& settings) : fd_(fd), path_(std::move(path)), settings_(settings) {
  buffer_.reserve((settings.compressor ? kFlushCompressedAt : kFlushAt) + 4096);
}

Result<std::unique_ptr<PcapngFile>> PcapngFile::create(const std::string& path, const std::string& comment,
                                                       const PcapngSettings& settings) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Error{fmt::format("cannot create the evidence file {}: {}", escape_hostile(path, 1000), std::strerror(errno))};
  std::unique_ptr<PcapngFile> file{new PcapngFile(fd, path, settings)};
  append_section_header(file->buffer_, comment, escape_hostile(settings.application));
  TRY(file->flush());
  return file;
}

PcapngFile::~PcapngFile() {
  if (fd_ >= 0) (void)close();
}

std::uint32_t PcapngFile::interface_id(LinkType link, std::uint16_t interface) {
  const auto [entry, added] = interfaces_.try_emplace({link, interface}, static_cast<std::uint32_t>(interfaces_.size()));
  if (added) {
    const auto& names = settings_.interfaces;
    append_interface(buffer_, link, interface < names.size() ? escape_hostile(names[interface]) : fmt::format("interface {}", interface));
  }
  return entry->second;
}

Result<void> PcapngFile::write(const StoredFrame& frame) {
  if (failed_ || fd_ < 0) return Error{fmt::format("the evidence file {} is closed", escape_hostile(path_, 1000))};
  append_packet(buffer_, interface_id(frame.link, frame.interface), frame);
  if (buffer_.size() >= (settings_.compressor ? kFlushCompressedAt : kFlushAt)) return flush();
  return {};
}

Result<void> PcapngFile::flush() {
  if (failed_) return Error{fmt::format("the evidence file {} is closed", escape_hostile(path_, 1000))};
  if (buffer_.empty()) return {};
  std::span<const std::uint8_t> out = buffer_;
  if (settings_.compressor) {
    out = settings_.compressor->compress(buffer_);
    if (out.empty()) return fail(ENOMEM);
  }
  std::size_t written = 0;
  while (written < out.size()) {
    const ssize_t n = ::write(fd_, out.data() + written, out.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = n < 0 ? errno : ENOSPC;
      // Keep the whole blocks that reached the disk and cut the torn one, or the torn zstd frame, off.
      std::size_t whole = 0;
      while (!settings_.compressor && whole + 8 <= written) {
        const std::size_t next = whole + load_le32(&out[whole + 4]);
        if (next > written) break;
        whole = next;
      }
      (void)!::ftruncate(fd_, static_cast<off_t>(on_disk_ + whole));
      on_disk_ += whole;
      return fail(error);
    }
    written += static_cast<std::size_t>(n);
  }
  on_disk_ += out.size();
  buffer_.clear();
  return {};
}

Result<void> PcapngFile::fail(int error) {
  failed_ = true;
  buffer_.clear();
  return Error{fmt::format("cannot write more evidence to {}: {}; the {} stored so far stay", escape_hostile(path_, 1000),
                           std::strerror(error), format_bytes(on_disk_))};
}

Result<void> PcapngFile::close() {
  if (fd_ < 0) return {};
  Result<void> flushed;
  if (!failed_) flushed = flush();
  const int closed = ::close(fd_);
  fd_ = -1;
  if (!flushed) return flushed;
  if (closed != 0 && !failed_) return fail(errno);
  failed_ = true;
  return {};
}

Result<void> PcapngFile::seal() {
  if (fd_ < 0) return {};
  Result<void> first;
  if (!failed_) first = flush();
  if (::fdatasync(fd_) != 0 && first.ok() && errno != EINVAL && errno != EROFS) first = fail(errno);
  (void)!::fchmod(fd_, 0400);
  auto closed = close();
  return first.ok() ? closed : first;
}

bool PcapngFile::removed() const {
  struct stat s {};
  return fd_ >= 0 && ::fstat(fd_, &s) == 0 && s.st_nlink == 0;
}

}  // namespace sekisho
