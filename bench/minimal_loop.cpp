// The yardstick of bench/analyze: reads a pcap file with a 1 MiB buffer, parses Ethernet, IPv4, TCP and UDP headers, and counts packets and
// bytes for each source in a growing hash table with open addressing. Nothing is judged. It is meant to be fast.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace {

using namespace sekisho;

struct Source {
  std::uint32_t address = 0;
  std::uint32_t packets = 0;  // 0 = free slot
  std::uint64_t bytes = 0;
};

// Linear probing, at most half full, doubling.
class Table {
 public:
  Table() : slots_(1 << 16), shift_(64 - 16) {}
  void count(std::uint32_t address, std::uint32_t bytes) {
    Source& s = slot(address);
    if (s.packets == 0) {
      s.address = address;
      if (++used_ * 2 > slots_.size()) {
        s.packets = 1, s.bytes = bytes;
        grow();
        return;
      }
    }
    ++s.packets;
    s.bytes += bytes;
  }
  std::size_t size() const { return used_; }
  const Source& largest() const {
    const Source* best = slots_.data();
    for (const auto& s : slots_)
      if (s.packets > best->packets) best = &s;
    return *best;
  }

 private:
  Source& slot(std::uint32_t address) {
    std::size_t at = address * 0x9e3779b97f4a7c15ULL >> shift_;
    while (slots_[at].packets && slots_[at].address != address) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  void grow() {
    std::vector<Source> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const auto& s : old)
      if (s.packets) slot(s.address) = s;
  }

  std::vector<Source> slots_;
  unsigned shift_;
  std::size_t used_ = 0;
};

struct Totals {
  std::uint64_t packets = 0, bytes = 0, tcp = 0, udp = 0, syn = 0, other = 0;
  std::array<std::uint64_t, 65'536> to_port{};
};

void parse(const std::uint8_t* frame, std::uint32_t captured, std::uint32_t wire, Totals& totals, Table& table) {
  ++totals.packets;
  totals.bytes += wire;
  if (captured < 34 || load_be16(frame + 12) != 0x0800 || frame[14] >> 4 != 4) {
    ++totals.other;
    return;
  }
  const std::uint8_t* ip = frame + 14;
  const std::uint32_t header = (ip[0] & 15U) * 4;
  table.count(load_be32(ip + 12), wire);
  const std::uint8_t* transport = ip + header;
  if (header < 20 || (load_be16(ip + 6) & 0x1fff) != 0) {
    ++totals.other;
  } else if (ip[9] == 6 && captured >= 14 + header + 20) {
    ++totals.tcp;
    totals.syn += (transport[13] & 0x12) == 2;
    ++totals.to_port[load_be16(transport + 2)];
  } else if (ip[9] == 17 && captured >= 14 + header + 8) {
    ++totals.udp;
    ++totals.to_port[load_be16(transport + 2)];
  } else {
    ++totals.other;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
  if (fd < 0) {
    std::fputs("usage: minimal_loop FILE.pcap\n", stderr);
    return 2;
  }
  constexpr std::size_t kBuffer = 1 << 20;
  const auto buffer = std::make_unique<std::uint8_t[]>(kBuffer);
  const auto totals = std::make_unique<Totals>();
  Table table;
  std::size_t held = 0, at = 0;
  bool begun = false;
  for (;;) {
    std::memmove(buffer.get(), buffer.get() + at, held - at);
    held -= at;
    at = 0;
    const auto got = read(fd, buffer.get() + held, kBuffer - held);
    if (got <= 0) break;
    held += static_cast<std::size_t>(got);
    if (!begun) {
      if (held < 24 || load_le32(buffer.get()) != 0xa1b2c3d4 || load_le32(buffer.get() + 20) != 1) {
        std::fputs("minimal_loop: not a little-endian Ethernet pcap file\n", stderr);
        return 3;
      }
      begun = true;
      at = 24;
    }
    while (held - at >= 16) {
      const std::uint32_t captured = load_le32(buffer.get() + at + 8), wire = load_le32(buffer.get() + at + 12);
      if (captured > kBuffer - 16) {
        std::fputs("minimal_loop: damaged file\n", stderr);
        return 3;
      }
      if (held - at < 16 + captured) break;
      parse(buffer.get() + at + 16, captured, wire, *totals, table);
      at += 16 + captured;
    }
  }
  close(fd);
  std::size_t port = 0;
  for (std::size_t i = 1; i < totals->to_port.size(); ++i)
    if (totals->to_port[i] > totals->to_port[port]) port = i;
  std::printf("packets %" PRIu64 " bytes %" PRIu64 " sources %zu largest %u tcp %" PRIu64 " syn %" PRIu64 " udp %" PRIu64 " other %" PRIu64
              " port %zu\n",
              totals->packets, totals->bytes, table.size(), table.largest().packets, totals->tcp, totals->syn, totals->udp, totals->other,
              port);
  return 0;
}
