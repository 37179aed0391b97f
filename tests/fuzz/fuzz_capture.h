// What the capture fuzzers share: read everything, touch every byte, check the account.
#pragma once
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/check.h"
#include "input/frame_reader.h"

namespace sekisho {

// Reads `bytes` in pieces of at most `chunk` through the smallest buffer that works.
inline void read_capture(std::span<const std::uint8_t> bytes, std::size_t chunk) {
  InterfaceNumbers numbers;
  OpenReader opened = open_reader("fuzz", memory_stream(bytes, chunk), {64, 5}, numbers, {});
  if (!opened.reader) {
    check(!opened.problem.why.empty(), "an unreadable input says why");
    return;
  }
  std::uint64_t packets = 0;
  volatile unsigned sum = 0;
  for (auto batch = opened.reader->next({}); !batch.empty(); batch = opened.reader->next({})) {
    packets += batch.size();
    for (const Frame& frame : batch) {
      check(frame.time >= 0 && frame.time <= kLastTime, "times are within bounds");
      check(frame.bytes.size() <= frame.wire_bytes && frame.bytes.size() <= kMaxPacketBytes, "lengths are within bounds");
      sum = std::accumulate(frame.bytes.begin(), frame.bytes.end(), unsigned{sum});
    }
  }
  check(packets == opened.reader->tally().packets, "every delivered packet is counted");
  check(opened.reader->tally().damage.size() <= kMaxListedDamage, "listed damage is bounded");
}

// The same with a header in front, so that the fuzzer need not find it.
inline void read_capture_behind(std::vector<std::uint8_t> header, std::span<const std::uint8_t> bytes) {
  header.insert(header.end(), bytes.begin(), bytes.end());
  read_capture(header, 11);
}

}  // namespace sekisho
