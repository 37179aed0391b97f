// PcapngFile: writes one pcapng file, block by block; what is on disk is always whole blocks, also when the disk fills up.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/packet.h"

namespace sekisho {

struct StoredFrame {
  TimeNs time = 0;
  std::span<const std::uint8_t> bytes;
  std::uint32_t wire_bytes = 0;
  std::uint32_t weight = 1;  // above 1: a packet comment "weight N"
  LinkType link = LinkType::ethernet;
  std::uint16_t interface = 0;
  Direction direction = Direction::ingress;
};

// One thread. Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html; one interface per (link type, interface number),
// times in nanoseconds, EPB flags say inbound or outbound.
class PcapngFile {
 public:
  // Creates the file (0600, never over an existing one) and writes its section header with the comment (valid UTF-8; at most 60,000 bytes
  // are kept).
  static Result<std::unique_ptr<PcapngFile>> create(const std::string& path, const std::string& comment, const std::string& application);
  ~PcapngFile();  // closes; what could not be flushed is lost, so call close()
  PcapngFile(const PcapngFile&) = delete;
  PcapngFile& operator=(const PcapngFile&) = delete;

  // After an error nothing more is written, but what was stored stays readable.
  Result<void> write(const StoredFrame& frame);
  Result<void> flush();
  Result<void> close();
  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return on_disk_ + buffer_.size(); }

 private:
  PcapngFile(int fd, std::string path);
  std::uint32_t interface_id(LinkType link, std::uint16_t interface);
  Result<void> fail(int error);

  int fd_;
  std::string path_;
  std::vector<std::uint8_t> buffer_;  // whole blocks
  std::uint64_t on_disk_ = 0;         // length of the file, always at the end of a block
  bool failed_ = false;
  std::map<std::pair<LinkType, std::uint16_t>, std::uint32_t> interfaces_;
};

}  // namespace sekisho
