// PcapngFile: writes one pcapng file, plain or zstd; what is on disk can be read at any time, also after a crash or on a full disk.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "evidence/compressor.h"
#include "evidence/stored_frame.h"

namespace sekisho {

struct PcapngSettings {
  std::string application = "sekisho";
  std::vector<std::string> interfaces;  // names by Frame::interface; others are called "interface N"
  Compressor* compressor = nullptr;     // null = plain; outlives the file
};

// One thread. One interface block per (link type, interface number), times in nanoseconds. What reaches the disk is whole blocks, with a
// compressor whole zstd frames of whole blocks.
class PcapngFile {
 public:
  // Creates the file (0600, never over an existing one) and writes its section header with the comment (valid UTF-8; at most 60,000 bytes
  // are kept).
  static Result<std::unique_ptr<PcapngFile>> create(const std::string& path, const std::string& comment, const PcapngSettings& settings);
  ~PcapngFile();  // closes; what could not be flushed is lost, so call close()
  PcapngFile(const PcapngFile&) = delete;
  PcapngFile& operator=(const PcapngFile&) = delete;

  // After an error nothing more is written, but what was stored stays readable.
  Result<void> write(const StoredFrame& frame);
  Result<void> flush();
  Result<void> close();
  // Close, with what it says on the disk and the file read-only: it is complete.
  Result<void> seal();
  const std::string& path() const { return path_; }
  std::uint64_t on_disk() const { return on_disk_; }
  std::size_t waiting() const { return buffer_.size(); }  // bytes that flush() would write, before compression
  bool removed() const;                                   // somebody has deleted it

 private:
  PcapngFile(int fd, std::string path, const PcapngSettings& settings);
  std::uint32_t interface_id(LinkType link, std::uint16_t interface);
  Result<void> fail(int error);

  int fd_;
  std::string path_;
  const PcapngSettings& settings_;
  std::vector<std::uint8_t> buffer_;  // whole blocks
  std::uint64_t on_disk_ = 0;         // length of the file, always at the end of a block or zstd frame
  bool failed_ = false;
  std::map<std::pair<LinkType, std::uint16_t>, std::uint32_t> interfaces_;
};

}  // namespace sekisho
