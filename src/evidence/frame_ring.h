// FrameRing: the most recent frames of both directions, cut short; the oldest make room. Memory is taken as it is needed and given back.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "evidence/match.h"
#include "evidence/stored_frame.h"

namespace sekisho {

// The fixed part of a record; local and remote address follow (4 bytes each, or 16 for IPv6), then the frame's bytes.
struct FrameRecord {
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

// One thread. The bound is address space that is reserved at construction; pages are touched in chunks as frames come, reused last in,
// first out, and returned to the kernel by age() when they were not needed for a while: a quiet server keeps what ten quiet seconds fill.
// add() allocates nothing; it asks the kernel for pages once for each chunk that it takes anew.
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

  // A frame in the ring; valid until the ring changes.
  class Seen {
   public:
    std::uint64_t index() const { return record_->index; }
    TimeNs when() const { return record_->time + shift_; }
    Direction direction() const { return direction_; }
    TrafficClass traffic_class() const { return record_->traffic_class; }
    const FrameRing* ring() const { return ring_; }
    PacketKey key() const;
    StoredFrame frame() const;

   private:
    friend class FrameRing;
    const FrameRing* ring_;
    const struct FrameRecord* record_;
    TimeNs shift_;
    Direction direction_;
  };
  using Classes = std::array<TrafficClassSet, 2>;  // by direction
  static Classes all_classes() { return {~TrafficClassSet{}, ~TrafficClassSet{}}; }

  // Calls see(Seen) for each frame of one or two rings from `since` on whose class is wanted, in the order of their numbers.
  template <class See>
  static void each(const FrameRing& a, const FrameRing* b, TimeNs since, const Classes& classes, See&& see);
  template <class See>
  void each(TimeNs since, See&& see) const {
    each(*this, nullptr, since, all_classes(), see);
  }
  struct Sampled {
    Seen seen;
    std::uint32_t stands_for;
  };
  // About `count` frames, spread over those from `from` up to `before`, in the order of their numbers. Cheap also when the ring is full.
  std::vector<Sampled> sample(TimeNs from, TimeNs before, std::size_t count) const;

  std::size_t frames() const { return lanes_[0].frames + lanes_[1].frames; }
  std::uint64_t evicted() const { return evicted_; }             // by lack of room, younger than the age limit
  std::uint64_t first_index(Direction direction) const;          // of the oldest frame; the largest number when there is none
  std::size_t memory() const { return touched_ * chunk_size_; }  // bytes that are in use or kept ready

 private:
  struct Chunk {
    std::uint32_t used = 0, frames = 0;
    TimeNs shift = 0;            // `when` of its frames minus their time
    TimeNs first = 0, last = 0;  // `when` of the oldest and the newest
    TrafficClassSet classes;
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

// Walks the frames of one lane of one ring that are wanted; steps over chunks that cannot hold any.
class FrameRing::Cursor {
 public:
  Cursor() = default;
  Cursor(const FrameRing& ring, Direction direction, TimeNs since, const TrafficClassSet& classes)
      : ring_(&ring), lane_(&ring.lanes_[direction == Direction::egress]), since_(since), classes_(&classes) {
    seen_.ring_ = &ring, seen_.direction_ = direction;
    enter();
  }
  bool done() const { return chunk_ >= lane_->count; }
  std::uint64_t index() const { return seen_.record_->index; }
  const Seen& seen() const { return seen_; }
  void next() {
    offset_ += seen_.record_->length;
    settle();
  }

 private:
  void enter() {
    for (; !done(); ++chunk_) {
      const std::uint32_t number = lane_->at(chunk_);
      const Chunk& chunk = ring_->chunks_[number];
      if (chunk.last < since_ || (chunk.classes & *classes_).none()) continue;
      memory_ = ring_->memory_of(number);
      used_ = chunk.used, offset_ = 0, seen_.shift_ = chunk.shift;
      return settle();
    }
  }
  void settle() {
    for (; offset_ < used_; offset_ += seen_.record_->length) {
      seen_.record_ = reinterpret_cast<const FrameRecord*>(memory_ + offset_);
      if ((*classes_)[index_of(seen_.record_->traffic_class)] && seen_.when() >= since_) return;
    }
    ++chunk_;
    enter();
  }
  const FrameRing* ring_ = nullptr;
  const Lane* lane_ = nullptr;
  TimeNs since_ = 0;
  const TrafficClassSet* classes_ = nullptr;
  std::size_t chunk_ = 0, offset_ = 0, used_ = 0;
  const std::uint8_t* memory_ = nullptr;
  Seen seen_;
};

template <class See>
void FrameRing::each(const FrameRing& a, const FrameRing* b, TimeNs since, const Classes& classes, See&& see) {
  std::array<Cursor, 4> cursors;
  std::size_t count = 0;
  const auto add = [&](const FrameRing& ring, Direction direction) {
    const Cursor cursor{ring, direction, since, classes[direction == Direction::egress]};
    if (!cursor.done()) cursors[count++] = cursor;
  };
  for (const FrameRing* ring : {&a, b})
    if (ring) add(*ring, Direction::ingress), add(*ring, Direction::egress);
  while (count > 0) {
    std::size_t next = 0;
    for (std::size_t i = 1; i < count; ++i)
      if (cursors[i].index() < cursors[next].index()) next = i;
    see(cursors[next].seen());
    cursors[next].next();
    if (cursors[next].done()) cursors[next] = cursors[--count];
  }
}

}  // namespace sekisho
