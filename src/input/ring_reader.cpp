// Maps the three parts of a ring: the reader's position, the writer's position, the data (twice in a row, so that no record is split).
#include "input/ring_reader.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sekisho {

Result<RingReader> RingReader::map(int fd, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  RingReader r;
  r.bytes_ = bytes;
  r.consumer_ = Mapping{fd, page, PROT_READ | PROT_WRITE};
  if (r.consumer_) r.producer_ = Mapping{fd, page + 2 * bytes, PROT_READ, page};
  if (!r.producer_) return Error{std::string{"cannot map the ring of frames: "} + std::strerror(errno)};
  r.consumed_ = reinterpret_cast<std::uint64_t*>(r.consumer_.at());
  r.produced_ = reinterpret_cast<std::uint64_t*>(r.producer_.at());
  r.data_ = r.producer_.at() + page;
  r.read_ = *r.consumed_;
  return r;
}

}  // namespace sekisho
