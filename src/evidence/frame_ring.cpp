// Records never wrap around the end of the buffer: a gap record fills what is left there.
#include "evidence/frame_ring.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace sekisho {
namespace {
constexpr std::size_t round_up(std::size_t n) { return (n + 7) & ~std::size_t{7}; }
}  // namespace

FrameRing::FrameRing(std::size_t bytes, DurationNs age, std::uint32_t snap_bytes)
    : age_(age), snap_bytes_(std::clamp<std::uint32_t>(snap_bytes, 16, 65'535)) {
  static_assert(sizeof(Record) % 8 == 0 && alignof(Record) <= 8);
  size_ = round_up(std::max<std::size_t>(bytes, 4 * (sizeof(Record) + snap_bytes_)));
  buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(size_ + sizeof(Record));
}

void FrameRing::drop_oldest() {
  const Record& record = *at(tail_);
  if (record.captured != UINT32_MAX) {
    --frames_;
    if (newest_ - record.time < age_) ++evicted_;
  }
  tail_ += record.length;
}

std::uint64_t FrameRing::first_index() const {
  for (std::uint64_t position = tail_; position < head_; position += at(position)->length)
    if (at(position)->captured != UINT32_MAX) return at(position)->index;
  return UINT64_MAX;
}

void FrameRing::add(const Frame& frame, const PacketKey& key, std::uint64_t index) {
  const auto captured = static_cast<std::uint32_t>(std::min<std::size_t>(frame.bytes.size(), snap_bytes_));
  const std::size_t length = round_up(sizeof(Record) + captured);
  newest_ = frame.time;  // not the largest: one packet from the far future must not empty the ring for good
  const std::size_t left = size_ - head_ % size_;
  const std::size_t needed = left < length ? left + length : length;
  while (tail_ < head_ && (head_ + needed - tail_ > size_ || at(tail_)->captured == UINT32_MAX || at(tail_)->time < newest_ - age_))
    drop_oldest();
  if (left < length) {
    // The buffer is one record longer than `size_`, so that a gap of any size can be written.
    Record* gap = new (buffer_.get() + head_ % size_) Record{};
    gap->captured = UINT32_MAX;
    gap->length = static_cast<std::uint32_t>(left);
    head_ += left;
    if (tail_ + left == head_) tail_ = head_;  // nothing but the gap was there
  }
  Record* record = new (buffer_.get() + head_ % size_) Record{
      frame.time, index, key, frame.wire_bytes, frame.weight, frame.link, frame.interface, captured, static_cast<std::uint32_t>(length)};
  if (captured) std::memcpy(record + 1, frame.bytes.data(), captured);
  head_ += length;
  ++frames_;
}

}  // namespace sekisho
