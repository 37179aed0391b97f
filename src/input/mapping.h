// Mapping: owns a piece of mapped memory.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sekisho {

class Mapping {
 public:
  Mapping() = default;
  // Empty when the kernel refuses; errno says why.
  Mapping(int fd, std::size_t bytes, int protection, std::size_t offset = 0) {
    void* at = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
    if (at != MAP_FAILED) at_ = static_cast<std::uint8_t*>(at), bytes_ = bytes;
  }
  Mapping(Mapping&& other) noexcept : at_(std::exchange(other.at_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(at_, other.at_), std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Mapping() {
    if (at_) ::munmap(at_, bytes_);
  }

  std::uint8_t* at() const { return at_; }
  std::size_t bytes() const { return bytes_; }
  explicit operator bool() const { return at_ != nullptr; }

 private:
  std::uint8_t* at_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace sekisho
