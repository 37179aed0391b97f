// Capture files: pcap and pcapng, plain or compressed, from files, folders and standard input, merged by time.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "input/source.h"

namespace sekisho {

// Damage to one input: everything before it was read.
struct CaptureDamage {
  std::string file;
  std::uint64_t byte = 0;    // offset in the (decompressed) file
  std::uint64_t packet = 0;  // 1-based number of the packet that could not be read
  std::string what;          // "the packet's length 4,294,967,295 exceeds the file's snap length 65,535"
};

// Names of files are as the system gave them: they are to be escaped where they are shown.
struct CaptureFileStats {
  std::string file;                      // "-" for standard input
  std::string format;                    // "pcap (microseconds, little-endian)", "pcapng, gzip"
  std::uint64_t packets = 0, bytes = 0;  // wire bytes
};

struct CaptureStats {
  std::vector<CaptureFileStats> files;
  std::vector<CaptureDamage> damage;
  std::vector<std::string> skipped;  // "DIR/notes.txt: not a capture"
  std::uint64_t packets = 0, wire_bytes = 0, captured_bytes = 0;
  std::uint64_t backward_steps = 0;     // packets whose time lies before their predecessor's in the same file
  std::uint64_t forward_jumps = 0;      // gaps above one hour
  std::uint64_t unknown_blocks = 0;     // pcapng blocks of a type that is not known (names, statistics, secrets are) and were skipped
  std::uint64_t damage_not_listed = 0;  // only the first places of each file stand in `damage`
  std::uint64_t late_files = 0;         // overlapped more files than can be open at once: their packets came late
};

struct CaptureProgress {                                                 // read by the progress bar's thread
  std::atomic<std::uint64_t> bytes_done{0}, bytes_total{0}, packets{0};  // packed bytes; total 0 = unknown (a pipe)
};

// open, run and stats belong to one thread; progress() may be read by any. Runs once.
class CaptureFiles final : public Source {
 public:
  // Opens and identifies everything. Error when nothing at all can be read; unreadable parts among readable ones are `skipped`.
  // Pipes are not waited for: what they hold is identified by run(), which fails when that was all there is and it is no capture.
  // Folders are read recursively in the order of their names. One file named twice (also by links) is read once.
  static Result<std::unique_ptr<CaptureFiles>> open(const std::vector<std::string>& paths);
  ~CaptureFiles() override;
  Result<void> run(Intake& intake, std::stop_token stop) override;
  const CaptureStats& stats() const;  // complete after run()
  const CaptureProgress& progress() const;

 private:
  struct State;
  explicit CaptureFiles(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sekisho
