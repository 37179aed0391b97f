// EvidenceOutput: where the recorder's choice of packets goes: straight into files (analyze), or to a thread that writes them (agent).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "evidence/stored_frame.h"

namespace sekisho {

constexpr unsigned kMaxEvidenceSlots = 256;

struct NewEvidence {
  std::string id;       // the incident's; becomes the file's name
  std::string comment;  // of the section: what the incident is
};

// One complete file.
struct EvidenceFile {
  std::string incident_id, path;
  std::string sha256;                              // of the file as it lies on the disk, 64 hexadecimal digits
  std::uint64_t bytes = 0;                         // on the disk
  std::uint64_t packets = 0, context_packets = 0;  // stored; context is part of packets
  TimeNs first = 0, last = 0;                      // of their times
  bool recovered = false;                          // left unfinished by an earlier run: what could be read of it
};

// Called by the thread that writes. They may block it, never detection.
struct EvidenceEvents {
  std::function<void(const EvidenceFile&)> on_file;         // a file is complete, or was recovered
  std::function<void(const std::string& path)> on_removed;  // an old one made room
};

// Used by the thread of the recorder. A slot is a number below kMaxEvidenceSlots; it is free before open() and after close().
class EvidenceOutput {
 public:
  virtual ~EvidenceOutput() = default;
  // The path that the file has, or will have.
  virtual Result<std::string> open(unsigned slot, const NewEvidence& file) = 0;
  // False: not written (the file is broken, the queue is full).
  virtual bool frame(unsigned slot, const StoredFrame& frame) = 0;
  virtual Result<void> close(unsigned slot) = 0;
  // About once a second: brings what is on the disk up to date.
  virtual Result<void> flush() = 0;
  // Completes all files; nothing may follow.
  virtual Result<void> finish() = 0;
  // Sentences that came up since the last call: what went wrong outside of the calls that return it, and what was recovered.
  virtual std::vector<Error> take_errors() = 0;
};

}  // namespace sekisho
