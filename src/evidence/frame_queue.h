// FrameQueue: frames on their way from the thread that owns detection to the one that writes them; a ring of bytes with a bound.
#pragma once
#include <atomic>
#include <cstdint>

#include "evidence/stored_frame.h"

namespace sekisho {

// One thread puts, one takes. No lock, no allocation, no system call. Memory is touched as far as the queue was ever filled.
class FrameQueue {
 public:
  explicit FrameQueue(std::size_t bytes);
  ~FrameQueue();
  FrameQueue(const FrameQueue&) = delete;
  FrameQueue& operator=(const FrameQueue&) = delete;

  // Copies the frame. False: no room.
  bool put(unsigned slot, const StoredFrame& frame);
  // How much was put so far; grows for ever. What was put before is taken before.
  std::uint64_t put_position() const { return head_.load(std::memory_order_relaxed); }
  std::size_t waiting() const {
    return static_cast<std::size_t>(head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire));
  }

  std::size_t capacity() const { return size_; }

  // Taking: the oldest frame, until pop(). False: nothing is there.
  bool front(unsigned& slot, StoredFrame& frame);
  void pop();
  std::uint64_t take_position() const { return tail_.load(std::memory_order_relaxed); }

 private:
  struct Record {
    std::uint32_t length;  // of the whole record, a multiple of 8
    std::uint32_t slot;    // kGap: nothing but the end of the buffer
    TimeNs time;
    std::uint32_t wire_bytes, weight, captured;
    LinkType link;
    std::uint16_t interface;
    Direction direction;
    bool context;
  };
  static constexpr std::uint32_t kGap = UINT32_MAX;
  Record* at(std::uint64_t position) const { return reinterpret_cast<Record*>(base_ + position % size_); }

  std::size_t size_;
  std::uint8_t* base_;
  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace sekisho
