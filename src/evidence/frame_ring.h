// FrameRing: the most recent frames, cut short, in a buffer of fixed size; the oldest make room.
#pragma once
#include <cstdint>
#include <memory>

#include "evidence/match.h"
#include "evidence/pcapng_file.h"

namespace sekisho {

// One thread. No allocation after construction.
class FrameRing {
 public:
  FrameRing(std::size_t bytes, DurationNs age, std::uint32_t snap_bytes);
  void add(const Frame& frame, const PacketKey& key, std::uint64_t index);
  // Calls see(key, frame, index) for every frame with time >= since, oldest first. The frame's bytes are valid during the call.
  template <class See>
  void each(TimeNs since, See&& see) const;
  std::uint64_t evicted() const { return evicted_; }  // by lack of room, younger than the age limit
  std::size_t frames() const { return frames_; }
  std::uint64_t first_index() const;  // of the oldest frame; the largest number when empty

 private:
  struct Record {
    TimeNs time;
    std::uint64_t index;
    PacketKey key;
    std::uint32_t wire_bytes, weight;
    LinkType link;
    std::uint16_t interface;
    std::uint32_t captured;
    std::uint32_t length;  // of the whole record, a multiple of 8; the next one follows
  };
  Record* at(std::uint64_t position) const { return reinterpret_cast<Record*>(buffer_.get() + position % size_); }
  void drop_oldest();

  std::size_t size_;
  DurationNs age_;
  std::uint32_t snap_bytes_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::uint64_t head_ = 0, tail_ = 0;  // positions that only grow; tail_ is the oldest record
  std::size_t frames_ = 0;
  std::uint64_t evicted_ = 0;
  TimeNs newest_ = 0;  // of the frame added last
};

template <class See>
void FrameRing::each(TimeNs since, See&& see) const {
  for (std::uint64_t position = tail_; position < head_;) {
    const Record& record = *at(position);
    position += record.length;
    if (record.captured == UINT32_MAX || record.time < since) continue;  // the gap at the buffer's end, or too old
    StoredFrame frame;
    frame.time = record.time;
    frame.bytes = {reinterpret_cast<const std::uint8_t*>(&record + 1), record.captured};
    frame.wire_bytes = record.wire_bytes;
    frame.weight = record.weight;
    frame.link = record.link;
    frame.interface = record.interface;
    frame.direction = record.key.direction;
    see(record.key, frame, record.index);
  }
}

}  // namespace sekisho
