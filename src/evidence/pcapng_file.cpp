// pcapng blocks and their careful way to the disk.
#include "evidence/pcapng_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kFlushAt = 32 * 1024;

// Builds one block at the end of a buffer: little-endian, padded to 32 bits, its length at both ends.
class Block {
 public:
  Block(std::vector<std::uint8_t>& out, std::uint32_t type) : out_(out), start_(out.size()) {
    u32(type);
    u32(0);  // length, known at the end
  }
  void u16(std::uint16_t v) { raw(&v, sizeof v); }
  void u32(std::uint32_t v) { raw(&v, sizeof v); }
  void u64(std::uint64_t v) { raw(&v, sizeof v); }
  void bytes(std::span<const std::uint8_t> data) {
    raw(data.data(), data.size());
    while ((out_.size() - start_) % 4) out_.push_back(0);
  }
  void option(std::uint16_t code, std::string_view text) {
    u16(code);
    u16(static_cast<std::uint16_t>(text.size()));
    bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  void option_u32(std::uint16_t code, std::uint32_t value) {
    u16(code);
    u16(4);
    u32(value);
  }
  void end() {
    const auto length = static_cast<std::uint32_t>(out_.size() - start_ + 4);
    u32(length);
    std::memcpy(&out_[start_ + 4], &length, sizeof length);
  }

 private:
  void raw(const void* data, std::size_t size) {
    const auto* p = static_cast<const std::uint8_t*>(data);
    out_.insert(out_.end(), p, p + size);
  }
  std::vector<std::uint8_t>& out_;
  std::size_t start_;
};

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint16_t kOptEnd = 0, kOptComment = 1, kOptIfName = 2, kOptIfTsResol = 9, kOptUserAppl = 4, kOptEpbFlags = 2;

// BSD's numbers for raw IP are private to those systems; in files it is 101 everywhere.
std::uint16_t file_link_type(LinkType link) {
  if (link == LinkType::raw_ip_bsd || link == LinkType::raw_ip_openbsd) return static_cast<std::uint16_t>(LinkType::raw_ip);
  return static_cast<std::uint16_t>(link);
}

}  // namespace

PcapngFile::PcapngFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) { buffer_.reserve(kFlushAt + 4096); }

Result<std::unique_ptr<PcapngFile>> PcapngFile::create(const std::string& path, const std::string& comment,
                                                       const std::string& application) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Error{fmt::format("cannot create the evidence file {}: {}", escape_hostile(path, 1000), std::strerror(errno))};
  std::unique_ptr<PcapngFile> file{new PcapngFile(fd, path)};
  Block block{file->buffer_, kSectionHeader};
  block.u32(0x1a2b3c4d);
  block.u16(1);
  block.u16(0);
  block.u64(~0ULL);  // section length: not known
  block.option(kOptComment, std::string_view{comment}.substr(0, 60'000));
  block.option(kOptUserAppl, escape_hostile(application));
  block.u32(kOptEnd);
  block.end();
  TRY(file->flush());
  return file;
}

PcapngFile::~PcapngFile() {
  if (fd_ >= 0) (void)close();
}

std::uint32_t PcapngFile::interface_id(LinkType link, std::uint16_t interface) {
  const auto [entry, added] = interfaces_.try_emplace({link, interface}, static_cast<std::uint32_t>(interfaces_.size()));
  if (added) {
    Block block{buffer_, kInterface};
    block.u16(file_link_type(link));
    block.u16(0);
    block.u32(0);  // no limit on the packets' length: some are cut, some whole
    block.option(kOptIfName, fmt::format("interface {}", interface));
    const char nanoseconds[] = {9};
    block.option(kOptIfTsResol, {nanoseconds, 1});
    block.u32(kOptEnd);
    block.end();
  }
  return entry->second;
}

Result<void> PcapngFile::write(const StoredFrame& frame) {
  if (failed_ || fd_ < 0) return Error{fmt::format("the evidence file {} is closed", escape_hostile(path_, 1000))};
  const std::uint32_t id = interface_id(frame.link, frame.interface);
  const auto time = static_cast<std::uint64_t>(frame.time);
  Block block{buffer_, kEnhancedPacket};
  block.u32(id);
  block.u32(static_cast<std::uint32_t>(time >> 32));
  block.u32(static_cast<std::uint32_t>(time));
  block.u32(static_cast<std::uint32_t>(frame.bytes.size()));
  block.u32(std::max(frame.wire_bytes, static_cast<std::uint32_t>(frame.bytes.size())));
  block.bytes(frame.bytes);
  block.option_u32(kOptEpbFlags, frame.direction == Direction::ingress ? 1 : 2);
  if (frame.weight > 1) block.option(kOptComment, fmt::format("weight {}", frame.weight));
  block.u32(kOptEnd);
  block.end();
  if (buffer_.size() >= kFlushAt) return flush();
  return {};
}

Result<void> PcapngFile::flush() {
  if (failed_) return Error{fmt::format("the evidence file {} is closed", escape_hostile(path_, 1000))};
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + written, buffer_.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = n < 0 ? errno : ENOSPC;
      // Keep the whole blocks that reached the disk and cut the torn one off.
      std::size_t whole = 0;
      while (whole + 8 <= written) {
        const std::size_t next = whole + load_le32(&buffer_[whole + 4]);
        if (next > written) break;
        whole = next;
      }
      (void)!::ftruncate(fd_, static_cast<off_t>(on_disk_ + whole));
      on_disk_ += whole;
      return fail(error);
    }
    written += static_cast<std::size_t>(n);
  }
  on_disk_ += buffer_.size();
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

}  // namespace sekisho
