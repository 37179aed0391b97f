// Fuzzes the pcapng reader: the bytes as a file, and as the blocks behind a sound section header.
#include "fuzz_capture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sekisho::read_capture({data, size}, SIZE_MAX);
  sekisho::read_capture_behind({0x0a, 0x0d, 0x0d, 0x0a, 28,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1, 0,
                                0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28,   0,    0, 0},
                               {data, size});
  return 0;
}
