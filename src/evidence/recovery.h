// What can be read of an evidence file that was not completed: its whole zstd frames, and the packets in them. Pure.
#pragma once
#include <cstdint>
#include <span>

#include "base/time.h"

namespace sekisho {

struct Readable {
  std::size_t bytes = 0;  // the length to which the file is to be cut; 0 = nothing of it can be read
  std::uint64_t packets = 0, context_packets = 0;
  TimeNs first = 0, last = 0;
};

// `file`: a .pcapng.zst as Compressor and pcapng_blocks write it. Takes memory for one zstd frame, at most 4 MiB.
Readable readable_part(std::span<const std::uint8_t> file);

}  // namespace sekisho
