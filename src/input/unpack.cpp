// The three unpackers. Each gives everything up to the place where its data is damaged, then says what is wrong.
#include "input/unpack.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace sekisho {
namespace {

// The first bytes of a stream, already read to recognise it, then the rest.
class Prefixed final : public ByteStream {
 public:
  Prefixed(std::span<const std::uint8_t> prefix, std::unique_ptr<ByteStream> rest)
      : prefix_(prefix.begin(), prefix.end()), rest_(std::move(rest)) {}
  std::size_t read(std::span<std::uint8_t> into, const std::stop_token& stop) override {
    if (at_ == prefix_.size()) return rest_->read(into, stop);
    const std::size_t n = std::min(into.size(), prefix_.size() - at_);
    std::memcpy(into.data(), prefix_.data() + at_, n);
    at_ += n;
    return n;
  }
  const std::string& failure() const override { return rest_->failure(); }

 private:
  std::vector<std::uint8_t> prefix_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteStream> rest_;
};

// What the three have in common: packed bytes come in pieces, unpacked bytes leave as soon as there are any.
class Unpacker : public ByteStream {
 public:
  explicit Unpacker(std::unique_ptr<ByteStream> packed) : packed_(std::move(packed)), input_(kInputBytes) {}

  std::size_t read(std::span<std::uint8_t> into, const std::stop_token& stop) final {
    std::size_t produced = 0;
    while (produced == 0 && !finished_ && !stop.stop_requested()) {
      const std::size_t input_before = end_ - at_;
      produced = step(into);
      if (produced != 0 || finished_ || end_ - at_ != input_before) continue;
      // No progress: the library waits for input (or there is none left, and it had nothing more to give).
      if (input_ended_) {
        finish(at_boundary() ? "" : "the packed data ends in the middle");
      } else {
        refill(stop);
      }
    }
    return produced;
  }
  const std::string& failure() const final { return failure_; }

 protected:
  // Unpacks from input() into `into`; returns how much was produced; calls used() for what was consumed and finish() at the end.
  virtual std::size_t step(std::span<std::uint8_t> into) = 0;
  // Whether the packed data may end here.
  virtual bool at_boundary() const = 0;

  std::span<const std::uint8_t> input() const { return std::span(input_).subspan(at_, end_ - at_); }
  bool input_ended() const { return input_ended_; }
  void used(std::size_t n) { at_ += n; }
  void finish(std::string failure) {
    finished_ = true;
    if (failure_.empty()) failure_ = std::move(failure);
  }

 private:
  static constexpr std::size_t kInputBytes = 64 * 1024;

  void refill(const std::stop_token& stop) {
    at_ = 0;
    end_ = packed_->read(input_, stop);
    if (end_ != 0 || stop.stop_requested()) return;
    input_ended_ = true;
    failure_ = packed_->failure();
  }

  std::unique_ptr<ByteStream> packed_;
  std::vector<std::uint8_t> input_;
  std::size_t at_ = 0, end_ = 0;
  bool input_ended_ = false, finished_ = false;
  std::string failure_;
};

class Gunzip final : public Unpacker {
 public:
  explicit Gunzip(std::unique_ptr<ByteStream> packed) : Unpacker(std::move(packed)) {
    check(inflateInit2(&z_, 15 + 16) == Z_OK, "zlib starts");
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() override { inflateEnd(&z_); }
  std::size_t memory_bytes() const override { return 112 * 1024; }

 private:
  std::size_t step(std::span<std::uint8_t> into) override {
    if (!in_member_ && !begin_member()) return 0;
    const auto packed = input();
    const auto room = static_cast<uInt>(std::min<std::size_t>(into.size(), 1u << 30));
    z_.next_in = const_cast<Bytef*>(packed.data());  // zlib's interface lacks const; it does not write
    z_.avail_in = static_cast<uInt>(packed.size());
    z_.next_out = into.data();
    z_.avail_out = room;
    const int result = inflate(&z_, Z_NO_FLUSH);
    used(packed.size() - z_.avail_in);
    if (result == Z_STREAM_END) {
      in_member_ = false;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      finish(std::string("the gzip data is damaged: ") + (z_.msg ? z_.msg : "unknown error"));
    }
    return room - z_.avail_out;
  }

  // Several members may follow one another, and zeros may fill up a block (tapes). False when there is nothing to unpack yet.
  bool begin_member() {
    while (!input().empty() && input().front() == 0) used(1);
    if (input().empty()) return false;
    if (input().front() != 0x1f) {
      finish("bytes that are not gzip follow the gzip data");
      return false;
    }
    inflateReset(&z_);
    return in_member_ = true;
  }
  bool at_boundary() const override { return !in_member_; }

  z_stream z_{};
  bool in_member_ = true;
};

class Unzstd final : public Unpacker {
 public:
  explicit Unzstd(std::unique_ptr<ByteStream> packed) : Unpacker(std::move(packed)), z_(ZSTD_createDStream(), &ZSTD_freeDStream) {
    check(z_ != nullptr, "zstd starts");
    ZSTD_DCtx_setParameter(z_.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  }
  std::size_t memory_bytes() const override { return ZSTD_sizeof_DStream(z_.get()); }

 private:
  std::size_t step(std::span<std::uint8_t> into) override {
    ZSTD_inBuffer packed{input().data(), input().size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const std::size_t result = ZSTD_decompressStream(z_.get(), &out, &packed);
    used(packed.pos);
    if (ZSTD_isError(result) != 0) {
      if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
        finish("the zstd data needs too much memory to unpack here; unpack it first: zstd -dc --long=31 FILE | sekisho analyze -");
      else
        finish(std::string("the zstd data is damaged: ") + ZSTD_getErrorName(result));
    } else if (packed.pos != 0 || out.pos != 0) {
      frame_complete_ = result == 0;
    }
    return out.pos;
  }
  bool at_boundary() const override { return frame_complete_; }

  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> z_;
  bool frame_complete_ = false;
};

class Unxz final : public Unpacker {
 public:
  explicit Unxz(std::unique_ptr<ByteStream> packed) : Unpacker(std::move(packed)) {
    check(lzma_stream_decoder(&z_, kMaxUnpackMemoryBytes, LZMA_CONCATENATED) == LZMA_OK, "liblzma starts");
  }
  Unxz(const Unxz&) = delete;
  Unxz& operator=(const Unxz&) = delete;
  ~Unxz() override { lzma_end(&z_); }
  std::size_t memory_bytes() const override { return lzma_memusage(&z_); }

 private:
  std::size_t step(std::span<std::uint8_t> into) override {
    const auto packed = input();
    z_.next_in = packed.data();
    z_.avail_in = packed.size();
    z_.next_out = into.data();
    z_.avail_out = into.size();
    const lzma_ret result = lzma_code(&z_, input_ended() ? LZMA_FINISH : LZMA_RUN);
    used(packed.size() - z_.avail_in);
    switch (result) {
      case LZMA_OK:
      case LZMA_BUF_ERROR: break;  // no progress was possible: more input, or the end
      case LZMA_STREAM_END: finish(""); break;
      case LZMA_MEMLIMIT_ERROR:
        finish("the xz data needs too much memory to unpack here; unpack it first: xz -dc FILE | sekisho analyze -");
        break;
      case LZMA_FORMAT_ERROR: finish("bytes that are not xz follow the xz data"); break;
      default: finish("the xz data is damaged"); break;
    }
    return into.size() - z_.avail_out;
  }
  bool at_boundary() const override { return false; }  // liblzma itself says when the end is reached

  lzma_stream z_ = LZMA_STREAM_INIT;
};

}  // namespace

Unpacked unpack(std::unique_ptr<ByteStream> stream, const std::stop_token& stop) {
  std::array<std::uint8_t, 6> first{};
  std::size_t have = 0;
  while (have < first.size()) {
    const std::size_t got = stream->read(std::span(first).subspan(have), stop);
    if (got == 0) break;
    have += got;
  }
  auto whole = std::make_unique<Prefixed>(std::span(first).first(have), std::move(stream));
  static constexpr std::array<std::uint8_t, 6> xz_magic{0xfd, '7', 'z', 'X', 'Z', 0};
  constexpr std::uint32_t zstd_magic = 0xfd2fb528, zstd_skippable = 0x184d2a50;
  if (have >= 3 && first[0] == 0x1f && first[1] == 0x8b && first[2] == 8) return {std::make_unique<Gunzip>(std::move(whole)), "gzip"};
  if (have >= 4 && (load_le32(first.data()) == zstd_magic || (load_le32(first.data()) & ~0xfu) == zstd_skippable))
    return {std::make_unique<Unzstd>(std::move(whole)), "zstd"};
  if (have == first.size() && first == xz_magic) return {std::make_unique<Unxz>(std::move(whole)), "xz"};
  return {std::move(whole), ""};
}

}  // namespace sekisho
