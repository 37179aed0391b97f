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
  auto& from = ready_.empty() ? fresh_ : ready_;
  touched_ += ready_.empty();
  const std::uint32_t number = from.back();
  from.pop_back();
  idle_ = std::min(idle_, ready_.size());
  return number;
}

void FrameRing::add(const Frame& frame, TimeNs when, const PacketKey& key, std::uint64_t index) {
  Lane& lane = lanes_[key.direction == Direction::egress];
  const bool wide = !is_v4(key.local) || !is_v4(key.remote);
  const std::size_t address = wide ? kWideAddress : kAddress;
  const auto captured = static_cast<std::uint16_t>(std::min<std::size_t>(frame.bytes.size(), snap_bytes_));
  const std::size_t length = round_up(sizeof(Record) + 2 * address + captured);
  const TimeNs shift = when - frame.time;
  Chunk* chunk = lane.count ? &chunks_[lane.at(lane.count - 1)] : nullptr;
  if (!chunk || chunk->used + length > chunk_size_ || chunk->shift != shift) {
    forget(lane, when);
    const std::uint32_t number = take_chunk(when);
    lane.chunks[(lane.first + lane.count++) % lane.chunks.size()] = number;
    chunk = &chunks_[number];
    *chunk = {0, 0, shift, when};
  }
  std::uint8_t* at = memory_of(static_cast<std::uint32_t>(chunk - chunks_.data())) + chunk->used;
  new (at) Record{frame.time,
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
  at += sizeof(Record);
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
  const Cursor cursor{*this, direction};
  return cursor.done() ? UINT64_MAX : cursor.index();
}

FrameRing::Seen FrameRing::Cursor::read() const {
  const Record& r = record();
  const auto* at = reinterpret_cast<const std::uint8_t*>(&r + 1);
  Seen seen;
  seen.key = {{}, {}, r.local_port, r.remote_port, r.traffic_class, direction_};
  if (r.wide) {
    std::memcpy(&seen.key.local, at, kWideAddress);
    std::memcpy(&seen.key.remote, at + kWideAddress, kWideAddress);
  } else {
    std::uint32_t ends[2];
    std::memcpy(ends, at, sizeof ends);
    seen.key.local = address_from_v4(ends[0]), seen.key.remote = address_from_v4(ends[1]);
  }
  at += 2 * (r.wide ? kWideAddress : kAddress);
  seen.frame = {r.time, {at, r.captured}, r.wire_bytes, r.weight, r.link, r.interface, direction_, false};
  seen.when = r.time + ring_->chunks_[lane().at(chunk_)].shift;
  seen.index = r.index;
  seen.ring = ring_;
  return seen;
}

}  // namespace sekisho
