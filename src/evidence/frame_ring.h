// FrameRing: the most recent frames of both directions, cut short; the oldest make room. Memory is taken as it is needed and given back.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "evidence/match.h"
#include "evidence/stored_frame.h"

namespace sekisho {

// One thread. The bound is address space that is reserved at construction; pages are touched in chunks as frames come, reused last in,
// first out, and returned to the kernel by age() when they were not needed for a while: a quiet server keeps what ten quiet seconds fill.
// add() allocates nothing and asks nothing of the kernel.
// The two directions share the bound. When it is reached, the direction that holds more gives up its oldest chunk: a flood in one direction
// never washes the other one away.
class FrameRing {
 public:
  // `bytes`: the bound, at least 64 KiB. `age`: frames are kept at least so long where the bound allows, and not much longer.
  // `snap_bytes`: stored of each frame, 16 to a quarter of a chunk (at most 64 KiB).
  FrameRing(std::size_t bytes, DurationNs age, std::uint32_t snap_bytes);
  ~FrameRing();
  FrameRing(const FrameRing&) = delete;
  FrameRing& operator=(const FrameRing&) = delete;

  // `when` is the packet's time after the pipeline's correction; it never goes back. `frame.time` is what stands in the file.
  void add(const Frame& frame, TimeNs when, const PacketKey& key, std::uint64_t index);
  // About once a second: it is `now`. Forgets what is too old and gives memory back.
  void age(TimeNs now);

  struct Seen {
    PacketKey key;
    StoredFrame frame;  // its bytes stay valid until the ring changes
    TimeNs when = 0;
    std::uint64_t index = 0;
    const FrameRing* ring = nullptr;  // where it lies
  };
  // Calls see(Seen) for each frame of the rings, in the order of their numbers.
  template <class See>
  static void each(const FrameRing& a, const FrameRing* b, See&& see);
  template <class See>
  void each(See&& see) const {
    each(*this, nullptr, see);
  }

  std::size_t frames() const { return lanes_[0].frames + lanes_[1].frames; }
  std::uint64_t evicted() const { return evicted_; }             // by lack of room, younger than the age limit
  std::uint64_t first_index(Direction direction) const;          // of the oldest frame; the largest number when there is none
  std::size_t memory() const { return touched_ * chunk_size_; }  // bytes that are in use or kept ready

 private:
  // The fixed part of a record; local and remote address follow (4 bytes each, or 16 for IPv6), then the frame's bytes.
  struct Record {
    TimeNs time;
    std::uint64_t index;
    std::uint32_t wire_bytes, weight;
    std::uint32_t length;  // of the whole record, a multiple of 8
    std::uint16_t captured, interface;
    std::uint16_t local_port, remote_port;
    LinkType link;
    TrafficClass traffic_class;
    bool wide;  // addresses of 16 bytes
  };
  struct Chunk {
    std::uint32_t used = 0, frames = 0;
    TimeNs shift = 0;  // `when` of its frames minus their time
    TimeNs last = 0;   // `when` of the newest
  };
  struct Lane {
    std::vector<std::uint32_t> chunks;  // a circle of chunk numbers, oldest at `first`
    std::size_t first = 0, count = 0, frames = 0;
    std::uint32_t at(std::size_t n) const { return chunks[(first + n) % chunks.size()]; }
  };
  class Cursor;

  std::uint8_t* memory_of(std::uint32_t chunk) const { return base_ + std::size_t{chunk} * chunk_size_; }
  static bool gone(const Chunk& chunk, TimeNs now, DurationNs age) { return chunk.last < now - age || chunk.last > now + age; }
  void forget(Lane& lane, TimeNs now);
  void drop_oldest(Lane& lane);
  std::uint32_t take_chunk(TimeNs now);

  DurationNs age_;
  std::uint32_t snap_bytes_;
  std::size_t chunk_size_;
  std::uint8_t* base_ = nullptr;
  std::vector<Chunk> chunks_;
  std::array<Lane, 2> lanes_;                 // ingress, egress
  std::vector<std::uint32_t> ready_, fresh_;  // free chunks: with pages behind them, and without
  std::size_t touched_ = 0;                   // chunks with pages behind them
  std::size_t idle_ = 0;                      // the smallest number of ready chunks since memory was last given back
  TimeNs given_back_ = 0;
  std::uint64_t evicted_ = 0;
};

// Walks one lane of one ring.
class FrameRing::Cursor {
 public:
  Cursor(const FrameRing& ring, Direction direction) : ring_(&ring), direction_(direction) { settle(); }
  bool done() const { return chunk_ >= lane().count; }
  std::uint64_t index() const { return record().index; }
  Seen read() const;
  void next() {
    offset_ += record().length;
    settle();
  }

 private:
  const Lane& lane() const { return ring_->lanes_[direction_ == Direction::egress]; }
  const Record& record() const { return *reinterpret_cast<const Record*>(ring_->memory_of(lane().at(chunk_)) + offset_); }
  void settle() {
    while (!done() && offset_ >= ring_->chunks_[lane().at(chunk_)].used) ++chunk_, offset_ = 0;
  }
  const FrameRing* ring_;
  Direction direction_;
  std::size_t chunk_ = 0, offset_ = 0;
};

template <class See>
void FrameRing::each(const FrameRing& a, const FrameRing* b, See&& see) {
  std::vector<Cursor> cursors;
  for (const FrameRing* ring : {&a, b})
    if (ring)
      for (const auto direction : {Direction::ingress, Direction::egress}) cursors.emplace_back(*ring, direction);
  while (true) {
    Cursor* next = nullptr;
    for (auto& cursor : cursors)
      if (!cursor.done() && (!next || cursor.index() < next->index())) next = &cursor;
    if (!next) return;
    see(next->read());
    next->next();
  }
}

}  // namespace sekisho
