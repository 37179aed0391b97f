// Fuzzes the unpackers: the first byte chooses one and its magic number is put in front, or the bytes are taken as they are.
#include "fuzz_capture.h"
#include "input/unpack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::vector<std::uint8_t> magics[] = {
      {}, {0x1f, 0x8b, 8}, {0x28, 0xb5, 0x2f, 0xfd}, {0xfd, '7', 'z', 'X', 'Z', 0}, {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}};
  std::vector<std::uint8_t> bytes = magics[data[0] % std::size(magics)];
  bytes.insert(bytes.end(), data + 1, data + size);
  sekisho::read_capture(bytes, 1 + data[0]);

  // The unpacker alone; bombs are bounded here by what is asked for.
  auto unpacked = sekisho::unpack(sekisho::memory_stream(bytes, 7), {});
  std::vector<std::uint8_t> out(1000);
  for (int i = 0; i < 1000; ++i)
    if (unpacked.stream->read(out, {}) == 0) break;
  sekisho::check(unpacked.stream->read(out, {}) <= out.size(), "no more than was asked for");
  return 0;
}
