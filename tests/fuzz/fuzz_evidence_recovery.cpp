// Fuzzes what a start makes of an unfinished evidence file: the bytes as the file, and as blocks within a sound zstd frame.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "evidence/compressor.h"
#include "evidence/pcapng_blocks.h"
#include "evidence/recovery.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  const auto direct = readable_part({data, size});
  if (direct.bytes > size) __builtin_trap();

  static Compressor compressor;
  std::vector<std::uint8_t> file, raw;
  append_section_header(raw, "incident", "fuzz");
  const auto first = compressor.compress(raw);
  file.assign(first.begin(), first.end());
  const std::size_t whole = file.size();
  if (size == 0) return 0;
  const auto second = compressor.compress({data, size});
  file.insert(file.end(), second.begin(), second.end());
  const auto behind = readable_part(file);
  // The header's frame is always kept; what is told about packets fits their number.
  if (behind.bytes < whole || behind.bytes > file.size() || behind.context_packets > behind.packets) __builtin_trap();
  return 0;
}
