// Chunks of one reserved range of addresses, handed to the lane that needs one.
#include "evidence/frame_ring.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/check.h"

namespace sekisho {
namespace {

constexpr std::size_t kMinChunk = 4 * 1024, kMaxChunk = 256 * 1024;
constexpr DurationNs kGiveBackEvery = 10 * kSecond;
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
constexpr std::size_t kWideAddress = 16, kAddress = 4;

constexpr std::size_t round_up(std::size_t n) { return (n + 7) & ~std::size_t{7}; }

}  // namespace

FrameRing::FrameRing(std::size_t bytes, DurationNs age, std::uint32_t snap_bytes) : age_(age) {
  chunk_size_ = std::clamp(std::bit_floor(bytes / 64), kMinChunk, kMaxChunk);
  snap_bytes_ = std::clamp<std::uint32_t>(snap_bytes, 16, static_cast<std::uint32_t>(chunk_size_ / 4 - 1));
  const std::size_t count = std::max<std::size_t>(bytes / chunk_size_, 8);
  void* map = ::mmap(nullptr, count * chunk_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(map != MAP_FAILED, "address space for the ring of recent frames");
  ::madvise(map, count * chunk_size_, MADV_NOHUGEPAGE);  // one frame must not cost two MiB
  base_ = static_cast<std::uint8_t*>(map);
  chunks_.resize(count);
  for (auto& lane : lanes_) lane.chunks.resize(count);
  ready_.reserve(count);
  for (std::size_t i = count; i > 0; --i) fresh_.push_back(static_cast<std::uint32_t>(i - 1));
}

FrameRing::~FrameRing() { ::munmap(base_, chunks_.size() * chunk_size_); }

void FrameRing::drop_oldest(Lane& lane) {
  const std::uint32_t number = lane.at(0);
  lane.frames -= chunks_[number].frames;
  lane.first = (lane.first + 1) % lane.chunks.size();
  --lane.count;
  ready_.push_back(number);
}

void FrameRing::forget(Lane& lane, TimeNs now) {
  while (lane.count > 0 && gone(chunks_[lane.at(0)], now, age_)) drop_oldest(lane);
}

std::uint32_t FrameRing::take_chunk(TimeNs now) {
  if (ready_.empty() && fresh_.empty())
    for (auto& lane : lanes_) forget(lane, now);
  if (ready_.empty() && fresh_.empty()) {
    Lane& larger = lanes_[lanes_[1].count > lanes_[0].count];
    evicted_ += chunks_[larger.at(0)].frames;
    drop_oldest(larger);
  }
  const bool fresh = ready_.empty();
  auto& from = fresh ? fresh_ : ready_;
  const std::uint32_t number = from.back();
  from.pop_back();
  touched_ += fresh;
  // All its pages at once: one call instead of a fault for each. Before Linux 5.14 the faults do it.
  if (fresh) ::madvise(memory_of(number), chunk_size_, MADV_POPULATE_WRITE);
  idle_ = std::min(idle_, ready_.size());
  return number;
}

void FrameRing::add(const Frame& frame, TimeNs when, const PacketKey& key, std::uint64_t index) {
  Lane& lane = lanes_[key.direction == Direction::egress];
  const bool wide = !is_v4(key.local) || !is_v4(key.remote);
  const std::size_t address = wide ? kWideAddress : kAddress;
  const auto captured = static_cast<std::uint16_t>(std::min<std::size_t>(frame.bytes.size(), snap_bytes_));
  const std::size_t length = round_up(sizeof(FrameRecord) + 2 * address + captured);
  const TimeNs shift = when - frame.time;
  Chunk* chunk = lane.count ? &chunks_[lane.at(lane.count - 1)] : nullptr;
  if (!chunk || chunk->used + length > chunk_size_ || chunk->shift != shift) {
    forget(lane, when);
    const std::uint32_t number = take_chunk(when);
    lane.chunks[(lane.first + lane.count++) % lane.chunks.size()] = number;
    chunk = &chunks_[number];
    *chunk = {0, 0, shift, when, when, {}};
  }
  std::uint8_t* at = memory_of(static_cast<std::uint32_t>(chunk - chunks_.data())) + chunk->used;
  new (at) FrameRecord{frame.time,
                       index,
                       frame.wire_bytes,
                       frame.weight,
                       static_cast<std::uint32_t>(length),
                       captured,
                       frame.interface,
                       key.local_port,
                       key.remote_port,
                       frame.link,
                       key.traffic_class,
                       wide};
  at += sizeof(FrameRecord);
  if (wide) {
    std::memcpy(at, &key.local, kWideAddress);
    std::memcpy(at + kWideAddress, &key.remote, kWideAddress);
  } else {
    const std::uint32_t ends[] = {v4_value(key.local), v4_value(key.remote)};
    std::memcpy(at, ends, sizeof ends);
  }
  if (captured) std::memcpy(at + 2 * address, frame.bytes.data(), captured);
  chunk->used += static_cast<std::uint32_t>(length);
  chunk->last = when;
  chunk->classes.set(index_of(key.traffic_class));
  ++chunk->frames, ++lane.frames;
}

void FrameRing::age(TimeNs now) {
  for (auto& lane : lanes_) forget(lane, now);
  if (now - given_back_ < kGiveBackEvery && now >= given_back_) return;
  given_back_ = now;
  // What lay ready all the time is not needed: its pages go back, the longest unused first.
  const std::size_t excess = std::min(idle_, ready_.size());
  for (std::size_t i = 0; i < excess; ++i) {
    ::madvise(memory_of(ready_[i]), chunk_size_, MADV_DONTNEED);
    fresh_.push_back(ready_[i]);
  }
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(excess));
  touched_ -= excess;
  idle_ = ready_.size();
}

std::uint64_t FrameRing::first_index(Direction direction) const {
  const Lane& lane = lanes_[direction == Direction::egress];
  return lane.count ? reinterpret_cast<const FrameRecord*>(memory_of(lane.at(0)))->index : UINT64_MAX;
}

std::vector<FrameRing::Sampled> FrameRing::sample(TimeNs from, TimeNs before, std::size_t count) const {
  // A few chunks are read through; of many only the beginnings are, which cost nothing to find.
  constexpr std::size_t kReadThrough = 8;
  std::vector<Sampled> picked;
  const auto overlaps = [&](const Chunk& chunk) { return chunk.last >= from && chunk.first < before; };
  // Of each overlapping chunk at most `most` frames.
  const auto walk = [&](std::size_t most, auto&& see) {
    for (const auto direction : {Direction::ingress, Direction::egress}) {
      const Lane& lane = lanes_[direction == Direction::egress];
      for (std::size_t n = 0; n < lane.count; ++n) {
        const std::uint32_t number = lane.at(n);
        const Chunk& chunk = chunks_[number];
        if (!overlaps(chunk)) continue;
        Seen seen;
        seen.ring_ = this, seen.direction_ = direction, seen.shift_ = chunk.shift;
        for (std::size_t offset = 0, taken = 0; offset < chunk.used && taken < most; offset += seen.record_->length) {
          seen.record_ = reinterpret_cast<const FrameRecord*>(memory_of(number) + offset);
          if (seen.when() >= from && seen.when() < before) see(seen, chunk), ++taken;
        }
      }
    }
  };
  std::size_t chunks = 0;
  for (const auto& lane : lanes_)
    for (std::size_t n = 0; n < lane.count; ++n) chunks += overlaps(chunks_[lane.at(n)]);
  if (chunks == 0 || count == 0) return picked;
  if (chunks <= kReadThrough) {
    std::size_t frames = 0, number = 0;
    walk(SIZE_MAX, [&](const Seen&, const Chunk&) { ++frames; });
    const std::size_t stride = std::max<std::size_t>((frames + count - 1) / count, 1);
    walk(SIZE_MAX, [&](const Seen& seen, const Chunk&) {
      if (number++ % stride == 0) picked.push_back({seen, static_cast<std::uint32_t>(stride)});
    });
  } else {
    const std::size_t most = std::max<std::size_t>(count / chunks, 1);
    walk(most, [&](const Seen& seen, const Chunk& chunk) {
      picked.push_back({seen, static_cast<std::uint32_t>(std::max<std::size_t>(chunk.frames / most, 1))});
    });
  }
  std::sort(picked.begin(), picked.end(), [](const Sampled& a, const Sampled& b) { return a.seen.index() < b.seen.index(); });
  return picked;
}

PacketKey FrameRing::Seen::key() const {
  const FrameRecord& r = *record_;
  const auto* at = reinterpret_cast<const std::uint8_t*>(&r + 1);
  PacketKey key{{}, {}, r.local_port, r.remote_port, r.traffic_class, direction_};
  if (r.wide) {
    std::memcpy(&key.local, at, kWideAddress);
    std::memcpy(&key.remote, at + kWideAddress, kWideAddress);
  } else {
    std::uint32_t ends[2];
    std::memcpy(ends, at, sizeof ends);
    key.local = address_from_v4(ends[0]), key.remote = address_from_v4(ends[1]);
  }
  return key;
}

StoredFrame FrameRing::Seen::frame() const {
  const FrameRecord& r = *record_;
  const auto* at = reinterpret_cast<const std::uint8_t*>(&r + 1) + 2 * (r.wide ? kWideAddress : kAddress);
  return {r.time, {at, r.captured}, r.wire_bytes, r.weight, r.link, r.interface, direction_, false};
}

}  // namespace sekisho
