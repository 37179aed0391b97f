// Records never wrap around the end of the buffer: a gap fills what is left there.
#include "evidence/frame_queue.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"

namespace sekisho {
namespace {

constexpr std::size_t round_up(std::size_t n) { return (n + 7) & ~std::size_t{7}; }

}  // namespace

FrameQueue::FrameQueue(std::size_t bytes) : size_(round_up(std::max<std::size_t>(bytes, 128 * 1024))) {
  // One record longer, so that a gap of any size can be written.
  void* map = ::mmap(nullptr, size_ + sizeof(Record), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(map != MAP_FAILED, "address space for the queue of evidence");
  ::madvise(map, size_, MADV_NOHUGEPAGE);
  base_ = static_cast<std::uint8_t*>(map);
}

FrameQueue::~FrameQueue() { ::munmap(base_, size_ + sizeof(Record)); }

bool FrameQueue::put(unsigned slot, const StoredFrame& frame) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::size_t length = round_up(sizeof(Record) + frame.bytes.size()), left = size_ - head % size_;
  const std::size_t needed = left < length ? left + length : length;
  if (head + needed - tail_.load(std::memory_order_acquire) > size_) return false;
  std::uint64_t position = head;
  if (left < length) {
    Record* gap = new (at(position)) Record{};
    gap->length = static_cast<std::uint32_t>(left);
    gap->slot = kGap;
    position += left;
  }
  Record* record = new (at(position)) Record{static_cast<std::uint32_t>(length),
                                             slot,
                                             frame.time,
                                             frame.wire_bytes,
                                             frame.weight,
                                             static_cast<std::uint32_t>(frame.bytes.size()),
                                             frame.link,
                                             frame.interface,
                                             frame.direction,
                                             frame.context};
  if (!frame.bytes.empty()) std::memcpy(record + 1, frame.bytes.data(), frame.bytes.size());
  head_.store(position + length, std::memory_order_release);
  return true;
}

bool FrameQueue::front(unsigned& slot, StoredFrame& frame) {
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head) return false;
  if (at(tail)->slot == kGap) {  // never alone: a record follows it
    tail += at(tail)->length;
    tail_.store(tail, std::memory_order_release);
  }
  const Record& r = *at(tail);
  slot = r.slot;
  frame = {r.time,   {reinterpret_cast<const std::uint8_t*>(&r + 1), r.captured}, r.wire_bytes, r.weight, r.link, r.interface, r.direction,
           r.context};
  return true;
}

void FrameQueue::pop() {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  tail_.store(tail + at(tail)->length, std::memory_order_release);
}

}  // namespace sekisho
