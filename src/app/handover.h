// Handover: a ring of slots that one thread fills and another one empties, in order; each waits for the other.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

namespace sekisho {

// One filling and one emptying thread. Slots are used again and again: what they hold keeps its memory.
template <class T, std::uint32_t kSlots>
class Handover {
 public:
  // The filling thread: a slot to fill, then hand it over.
  T& fill() {
    const auto filled = filled_.load(std::memory_order_relaxed);
    for (auto emptied = emptied_.load(std::memory_order_acquire); filled - emptied == kSlots;
         emptied = emptied_.load(std::memory_order_acquire))
      emptied_.wait(emptied, std::memory_order_acquire);
    return slots_[filled % kSlots];
  }
  void filled() { publish(filled_); }
  // Waits until all that was handed over is emptied.
  void drain() const {
    const auto filled = filled_.load(std::memory_order_relaxed);
    for (auto emptied = emptied_.load(std::memory_order_acquire); emptied != filled; emptied = emptied_.load(std::memory_order_acquire))
      emptied_.wait(emptied, std::memory_order_acquire);
  }

  // The emptying thread: the next slot, then say that it is emptied.
  T& next() {
    const auto emptied = emptied_.load(std::memory_order_relaxed);
    for (auto filled = filled_.load(std::memory_order_acquire); filled == emptied; filled = filled_.load(std::memory_order_acquire))
      filled_.wait(filled, std::memory_order_acquire);
    return slots_[emptied % kSlots];
  }
  void emptied() { publish(emptied_); }

 private:
  static void publish(std::atomic<std::uint32_t>& count) {
    count.fetch_add(1, std::memory_order_release);
    count.notify_one();
  }
  std::array<T, kSlots> slots_;
  alignas(64) std::atomic<std::uint32_t> filled_{0};  // wraps
  alignas(64) std::atomic<std::uint32_t> emptied_{0};
};

}  // namespace sekisho
