// HugeVector: a vector whose memory lies in huge pages where the kernel has some: tables that are hit at random spend much of their time
// on address translation otherwise.
#pragma once
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace sekisho {

// Small blocks are ordinary memory. All blocks begin as zeroes, and where T's first state is just that, nothing is written: what a table
// never uses takes no memory.
template <class T>
struct HugePageAllocator {
  using value_type = T;
  static constexpr std::size_t kPage = std::size_t{2} << 20, kFrom = kPage / 2;
  HugePageAllocator() = default;
  template <class U>
  HugePageAllocator(const HugePageAllocator<U>&) {}  // containers convert allocators

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    if (bytes < kFrom) return static_cast<T*>(std::memset(::operator new (bytes, std::align_val_t{alignof(T)}), 0, bytes));
    const std::size_t whole = rounded(bytes);
    void* mapped = ::mmap(nullptr, whole + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc{};
    // Huge pages lie at multiples of their size: what is mapped before and behind them goes back.
    const auto from = reinterpret_cast<std::uintptr_t>(mapped), at = (from + kPage - 1) / kPage * kPage;
    if (at != from) ::munmap(mapped, at - from);
    ::munmap(reinterpret_cast<void*>(at + whole), from + kPage - at);
    ::madvise(reinterpret_cast<void*>(at), whole, MADV_HUGEPAGE);  // a wish: without it all works as well, slower
    return reinterpret_cast<T*>(at);
  }
  void deallocate(T* memory, std::size_t n) {
    if (n * sizeof(T) < kFrom)
      ::operator delete (memory, std::align_val_t{alignof(T)});
    else
      ::munmap(memory, rounded(n * sizeof(T)));
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    if constexpr (sizeof...(Arguments) == 0 && std::is_trivially_copyable_v<U> && std::is_trivially_destructible_v<U>) {
      static const bool begins_as_zeroes = begins_with_zeroes<U>();
      if (begins_as_zeroes) return;
    }
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static constexpr std::size_t rounded(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }
  template <class U>
  static bool begins_with_zeroes() {
    alignas(U) unsigned char bytes[sizeof(U)] = {};
    ::new (static_cast<void*>(bytes)) U();
    return std::all_of(std::begin(bytes), std::end(bytes), [](unsigned char b) { return b == 0; });
  }
};

// Elements are only ever added to a vector that was not shrunk before: memory that was used is not zero any more.
template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace sekisho
