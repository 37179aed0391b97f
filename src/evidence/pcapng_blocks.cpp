// Little-endian blocks, padded to 32 bits, their length at both ends.
#include "evidence/pcapng_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sekisho {
namespace {

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

void append_section_header(std::vector<std::uint8_t>& out, std::string_view comment, std::string_view application) {
  Block block{out, kSectionHeader};
  block.u32(0x1a2b3c4d);
  block.u16(1);
  block.u16(0);
  block.u64(~0ULL);  // section length: not known
  block.option(kOptComment, comment.substr(0, 60'000));
  block.option(kOptUserAppl, application);
  block.u32(kOptEnd);
  block.end();
}

void append_interface(std::vector<std::uint8_t>& out, LinkType link, std::string_view name) {
  Block block{out, kInterface};
  block.u16(file_link_type(link));
  block.u16(0);
  block.u32(0);  // no limit on the packets' length: some are cut, some whole
  block.option(kOptIfName, name);
  const char nanoseconds[] = {9};
  block.option(kOptIfTsResol, {nanoseconds, 1});
  block.u32(kOptEnd);
  block.end();
}

void append_packet(std::vector<std::uint8_t>& out, std::uint32_t interface, const StoredFrame& frame) {
  const auto time = static_cast<std::uint64_t>(frame.time);
  Block block{out, kEnhancedPacket};
  block.u32(interface);
  block.u32(static_cast<std::uint32_t>(time >> 32));
  block.u32(static_cast<std::uint32_t>(time));
  block.u32(static_cast<std::uint32_t>(frame.bytes.size()));
  block.u32(std::max(frame.wire_bytes, static_cast<std::uint32_t>(frame.bytes.size())));
  block.bytes(frame.bytes);
  block.option_u32(kOptEpbFlags, frame.direction == Direction::ingress ? 1 : 2);
  if (frame.context || frame.weight > 1) {
    char comment[40];
    const auto* format = frame.weight <= 1 ? "context" : frame.context ? "context, weight {}" : "weight {}";
    const auto written = fmt::format_to_n(comment, sizeof comment, fmt::runtime(format), frame.weight);
    block.option(kOptComment, {comment, written.size});
  }
  block.u32(kOptEnd);
  block.end();
}

}  // namespace sekisho
