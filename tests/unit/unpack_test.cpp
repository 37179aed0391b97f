// gzip, zstd and xz by content; damage inside the packing.
#include "input/unpack.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "capture_bytes.h"

namespace sekisho::test {
namespace {

Bytes gzip(const Bytes& plain) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(plain.size() + 200);
  z.next_in = const_cast<Bytef*>(plain.data());
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = packed.data();
  z.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

Bytes zstd(const Bytes& plain, int window_log = 0) {
  ZSTD_CCtx* z = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
  if (window_log != 0) {  // without the content's size the window stays as wide as asked for
    ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
  }
  Bytes packed(ZSTD_compressBound(plain.size()) + 64);
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  if (window_log != 0) {
    EXPECT_FALSE(ZSTD_isError(ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush)));
  }
  EXPECT_EQ(ZSTD_compressStream2(z, &out, &in, ZSTD_e_end), 0u);
  packed.resize(out.pos);
  ZSTD_freeCCtx(z);
  return packed;
}

Bytes xz(const Bytes& plain) {
  Bytes packed(lzma_stream_buffer_bound(plain.size()));
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, plain.data(), plain.size(), packed.data(), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

struct Packing {
  const char* name;
  Bytes (*pack)(const Bytes&);
};
const Packing kPackings[] = {{"gzip", &gzip}, {"zstd", [](const Bytes& b) { return zstd(b); }}, {"xz", &xz}};

// Packets that do not shrink to nothing, so that a cut loses some of them.
Pcap capture(std::uint32_t packets) {
  Pcap file;
  std::uint32_t state = 1;
  for (std::uint32_t i = 0; i < packets; ++i) {
    Bytes data(100);
    for (auto& byte : data) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    file.packet(i, 0, data);
  }
  return file;
}

TEST(Unpack, EveryPackingInPiecesOfEverySize) {
  const Bytes plain = capture(300).bytes;
  for (const Packing& p : kPackings)
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
      const auto got = read_bytes(p.pack(plain), chunk, {1000, 64});
      EXPECT_EQ(got.frames.size(), 300u) << p.name;
      EXPECT_TRUE(got.tally.damage.empty()) << p.name;
      EXPECT_EQ(got.format, std::string("pcap (microseconds, little-endian), ") + p.name);
    }
}

TEST(Unpack, PcapngToo) {
  const Bytes plain = Pcapng().interface().packet(0, 1, payload(50)).bytes;
  for (const Packing& p : kPackings) EXPECT_EQ(read_bytes(p.pack(plain)).format, std::string("pcapng, ") + p.name);
}

TEST(Unpack, SeveralMembersFramesOrStreamsInARow) {
  const Bytes plain = capture(100).bytes;
  const auto middle = plain.begin() + 1234;
  const Bytes first(plain.begin(), middle), second(middle, plain.end());
  for (const Packing& p : kPackings) {
    const auto got = read_bytes(p.pack(first) + p.pack({}) + p.pack(second), 10);
    EXPECT_EQ(got.frames.size(), 100u) << p.name;
    EXPECT_TRUE(got.tally.damage.empty()) << p.name;
  }
}

TEST(Unpack, PaddingAndSkippableFrames) {
  const Bytes plain = capture(5).bytes;
  EXPECT_TRUE(read_bytes(gzip(plain) + Bytes(512)).tally.damage.empty());
  EXPECT_TRUE(read_bytes(xz(plain) + Bytes(512)).tally.damage.empty());
  const Bytes skippable = Writer{}.u32(0x184d2a53).u32(9).raw(payload(9)).bytes;
  const auto got = read_bytes(skippable + zstd(plain) + skippable);
  EXPECT_EQ(got.frames.size(), 5u);
  EXPECT_TRUE(got.tally.damage.empty());
}

TEST(Unpack, CutAnywhereIsDamageAndNothingMoreIsLost) {
  const Bytes plain = capture(20).bytes;
  for (const Packing& p : kPackings) {
    const Bytes packed = p.pack(plain);
    std::size_t best = 0;
    for (std::size_t cut = 0; cut < packed.size(); ++cut) {
      const auto got = read_bytes(Bytes(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(cut)), 64);
      if (!got.opened) {
        EXPECT_FALSE(got.problem.why.empty());
        continue;
      }
      EXPECT_EQ(got.tally.damage.size(), 1u) << p.name << " " << cut;
      EXPECT_GE(got.frames.size() + 1, best);
      best = std::max(best, got.frames.size());
    }
    EXPECT_GE(best, 19u) << p.name;  // all but the checksum was there
  }
}

TEST(Unpack, FlippedBitsAreDamageOrHarmless) {
  const Bytes plain = capture(20).bytes;
  for (const Packing& p : kPackings) {
    const Bytes packed = p.pack(plain);
    std::size_t noticed = 0;
    for (std::size_t at = 0; at < packed.size(); at += 3) {
      Bytes flipped = packed;
      flipped[at] ^= 0x10;
      const auto got = read_bytes(flipped);
      noticed += !got.opened || !got.tally.damage.empty();
    }
    EXPECT_GE(noticed, (packed.size() / 3) * 98 / 100) << p.name;  // names and dates in headers may change unnoticed
  }
}

TEST(Unpack, WrongChecksumAtTheEndStillDeliversEverything) {
  const Bytes plain = capture(20).bytes;
  Bytes packed = gzip(plain);
  packed[packed.size() - 8] ^= 1;
  const auto got = read_bytes(packed, 1000);
  EXPECT_EQ(got.frames.size(), 20u);
  ASSERT_EQ(got.tally.damage.size(), 1u);
  EXPECT_EQ(got.tally.damage[0].what, "the gzip data is damaged: incorrect data check");
}

TEST(Unpack, OtherBytesAfterThePackedDataAreDamage) {
  const Bytes plain = capture(20).bytes;
  for (const Packing& p : kPackings) {
    const auto got = read_bytes(p.pack(plain) + Bytes{'h', 'e', 'l', 'l', 'o', '!', '!', '!'});
    EXPECT_EQ(got.frames.size(), 20u) << p.name;
    EXPECT_EQ(got.tally.damage.size(), 1u) << p.name;
  }
}

TEST(Unpack, WindowsAboveTheBoundAreRefusedWithAWayOut) {
  const Bytes plain = capture(2000).bytes;
  EXPECT_EQ(read_bytes(zstd(plain, kMaxZstdWindowLog)).frames.size(), 2000u);
  const auto got = read_bytes(zstd(plain, kMaxZstdWindowLog + 1));
  EXPECT_FALSE(got.opened);
  EXPECT_NE(got.problem.why.find("zstd -dc"), std::string::npos) << got.problem.why;
}

TEST(Unpack, PackedNonsenseIsNoCapture) {
  for (const Packing& p : kPackings) {
    EXPECT_NE(read_bytes(p.pack(payload(100))).problem.why.find("not a capture"), std::string::npos) << p.name;
    EXPECT_NE(read_bytes(p.pack({})).problem.why.find("empty"), std::string::npos) << p.name;
  }
}

}  // namespace
}  // namespace sekisho::test
