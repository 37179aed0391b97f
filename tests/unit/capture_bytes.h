// Captures made by hand, byte by byte, and an intake that remembers what it got.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "input/capture_files.h"
#include "input/frame_reader.h"

namespace sekisho::test {

using Bytes = std::vector<std::uint8_t>;

// Writes integers in either byte order.
struct Writer {
  bool big = false;
  Bytes bytes;

  template <class T>
  Writer& put(T value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<std::uint8_t>(bits >> 8 * (big ? sizeof(T) - 1 - i : i)));
    return *this;
  }
  Writer& u8(std::uint8_t v) { return put(v); }
  Writer& u16(std::uint16_t v) { return put(v); }
  Writer& u32(std::uint32_t v) { return put(v); }
  Writer& u64(std::uint64_t v) { return put(v); }
  Writer& raw(const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
};

inline Bytes payload(std::size_t n, std::uint8_t first = 0) {
  Bytes b(n);
  for (std::size_t i = 0; i < n; ++i) b[i] = static_cast<std::uint8_t>(first + i);
  return b;
}
inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// ---- pcap
struct Pcap : Writer {
  explicit Pcap(std::uint32_t magic = 0xa1b2c3d4, bool big_endian = false, std::uint32_t network = 1, std::uint32_t snap_length = 65535,
                std::uint16_t minor = 4) {
    big = big_endian;
    u32(magic).u16(2).u16(minor).u32(0).u32(0).u32(snap_length).u32(network);
  }
  Pcap& packet(std::uint32_t sec, std::uint32_t fraction, const Bytes& data, std::uint32_t wire = 0) {
    u32(sec).u32(fraction).u32(static_cast<std::uint32_t>(data.size())).u32(wire != 0 ? wire : static_cast<std::uint32_t>(data.size()));
    raw(data);
    return *this;
  }
};

// ---- pcapng
inline Bytes padded(Bytes b) {
  b.resize((b.size() + 3) / 4 * 4);
  return b;
}
struct Pcapng : Writer {
  explicit Pcapng(bool big_endian = false) { section(big_endian); }
  Pcapng& block(std::uint32_t type, const Bytes& body) {
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    u32(type).u32(length).raw(body).u32(length);
    return *this;
  }
  Pcapng& section(bool big_endian) {
    big = big_endian;
    Writer body{big, {}};
    body.u32(0x1a2b3c4d).u16(1).u16(0).u64(UINT64_MAX);
    return block(0x0a0d0d0a, body.bytes);
  }
  Bytes option(std::uint16_t code, const Bytes& value) const {
    Writer w{big, {}};
    return w.u16(code).u16(static_cast<std::uint16_t>(value.size())).raw(padded(value)).bytes;
  }
  Pcapng& interface(std::uint16_t link = 1, std::uint32_t snap_length = 0, const Bytes& options = {}) {
    Writer body{big, {}};
    body.u16(link).u16(0).u32(snap_length).raw(options);
    return block(1, body.bytes);
  }
  Pcapng& packet(std::uint32_t id, std::uint64_t ticks, const Bytes& data, std::uint32_t wire = 0, const Bytes& options = {}) {
    const auto size = static_cast<std::uint32_t>(data.size());
    Writer body{big, {}};
    body.u32(id).u32(static_cast<std::uint32_t>(ticks >> 32)).u32(static_cast<std::uint32_t>(ticks)).u32(size).u32(wire ? wire : size);
    body.raw(padded(data)).raw(options);
    return block(6, body.bytes);
  }
  Pcapng& simple(const Bytes& data, std::uint32_t wire) {
    Writer body{big, {}};
    return block(3, body.u32(wire).raw(padded(data)).bytes);
  }
  Pcapng& obsolete(std::uint16_t id, std::uint64_t ticks, const Bytes& data) {
    const auto size = static_cast<std::uint32_t>(data.size());
    Writer body{big, {}};
    body.u16(id).u16(7).u32(static_cast<std::uint32_t>(ticks >> 32)).u32(static_cast<std::uint32_t>(ticks)).u32(size).u32(size);
    return block(2, body.raw(padded(data)).bytes);
  }
};

// ---- what came out
struct Got {
  TimeNs time;
  Bytes bytes;
  std::uint32_t wire_bytes;
  LinkType link;
  std::uint16_t interface;
};

struct Remember final : Intake {
  std::vector<Got> frames;
  std::size_t largest_batch = 0;
  void on_frames(std::span<const Frame> batch) override {
    largest_batch = std::max(largest_batch, batch.size());
    for (const Frame& f : batch) frames.push_back({f.time, {f.bytes.begin(), f.bytes.end()}, f.wire_bytes, f.link, f.interface});
  }
};

struct ReadResult {
  std::vector<Got> frames;
  FileTally tally;
  std::string format;
  Unreadable problem;
  bool opened = false;
};

// Reads bytes in memory through the whole path: unpacking, recognition, reader.
inline ReadResult read_bytes(const Bytes& bytes, std::size_t chunk = SIZE_MAX, ReaderSize size = {64, 4}) {
  InterfaceNumbers numbers;
  // A copy of exactly that size, so that the address sanitizer sees every byte too many.
  const Bytes exact(bytes);
  OpenReader opened = open_reader("bytes", memory_stream(exact, chunk), size, numbers, {});
  ReadResult result;
  result.problem = opened.problem;
  if (!opened.reader) return result;
  Remember remember;
  for (auto batch = opened.reader->next({}); !batch.empty(); batch = opened.reader->next({})) remember.on_frames(batch);
  result.frames = std::move(remember.frames);
  result.tally = opened.reader->tally();
  result.format = opened.reader->format();
  result.opened = true;
  return result;
}

}  // namespace sekisho::test
