// LineSource: the door for logs. A source hands out one line after the other; nobody waits inside it.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/log_line.h"

namespace sekisho {

enum class LineState : std::uint8_t {
  line,  // one was handed out
  none,  // nothing now; ask again later
  end,   // nothing more ever comes
};

// What a source has to say about itself; everything but lines and bytes is an exception that is shown.
struct LineStats {
  std::uint64_t lines = 0, bytes = 0;
  std::uint64_t too_long = 0;   // lines beyond kMaxLineBytes: skipped
  std::uint64_t rotations = 0;  // the file was renamed or copied and truncated under us
  std::uint64_t vanished = 0;   // the file was gone for a while
  std::uint64_t lost = 0;       // gaps: the kernel's buffer ran over, or the place where we left is nowhere to be found
  std::uint64_t forged = 0;     // journal entries that claim to be sshd's but were written by somebody else
  std::uint64_t predecessors = 0;
  std::string trouble;  // the last thing that went wrong, as a sentence; empty = nothing
};

constexpr std::size_t kMaxLineBytes = 1 << 20;

// Where a source has to go on after a restart, by the source's key ("file:/var/log/auth.log", "journal"): opaque text without newlines.
using LogPositions = std::map<std::string, std::string>;

// One thread.
class LineSource {
 public:
  virtual ~LineSource() = default;
  // The views in `out` are valid until the next call.
  virtual LineState next(LogLine& out) = 0;
  virtual const std::string& name() const = 0;  // for people; as the system gave it: to be escaped
  virtual const LineStats& stats() const = 0;
  // Adds where to go on behind the last line that was handed out.
  virtual void remember(LogPositions& positions) const { static_cast<void>(positions); }
};

// A small file, replaced at once (written beside it, flushed, renamed). A missing file is no error: nothing is remembered.
Result<LogPositions> load_positions(const std::string& path);
Result<void> save_positions(const std::string& path, const LogPositions& positions);

}  // namespace sekisho
