// Unpacking: gzip, zstd and xz, recognised by content, never by name.
#pragma once
#include <memory>
#include <stop_token>
#include <string_view>

#include "input/byte_stream.h"

namespace sekisho {

// Larger windows are refused with a sentence: the whole program has to stay below 128 MiB. xz -9 and zstd -19 --long=26 fit.
constexpr std::size_t kMaxUnpackMemoryBytes = 72u << 20;
constexpr int kMaxZstdWindowLog = 26;

struct Unpacked {
  std::unique_ptr<ByteStream> stream;
  std::string_view packing;  // "gzip", "zstd", "xz"; empty when the bytes were not packed
};

// Looks at the first bytes (waits for them on a pipe) and puts the right unpacker in front.
Unpacked unpack(std::unique_ptr<ByteStream> stream, const std::stop_token& stop);

}  // namespace sekisho
