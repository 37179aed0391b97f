// Fuzzes the pcap reader: the bytes as a file, and as the records behind a sound header.
#include "fuzz_capture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sekisho::read_capture({data, size}, SIZE_MAX);
  sekisho::read_capture_behind({0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, {data, size});
  return 0;
}
