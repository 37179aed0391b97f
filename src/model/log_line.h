// LogLine: one line of a log with what its source knows about it: the text of a file, or the message of a journal entry.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace sekisho {

// How the text is to be read. `text`: whatever format it shows itself to be in. The others are said by the source, which nobody but the
// kernel or the journal can forge.
enum class LineForm : std::uint8_t {
  text,     // a line of a file or a pipe, with its own time stamp
  message,  // a message without envelope: `time` and `program` are the journal's
  kernel,   // a message of the kernel itself (/dev/kmsg, the journal's kernel transport): `time` is set
  ulogd,    // a line of a ulogd2 file or a row of its database: never the text of another program
};

// The views are valid until the source is asked for the next line.
struct LogLine {
  std::string_view text;  // without the line's end; any bytes
  LineForm form = LineForm::text;
  TimeNs time = 0;           // message, kernel: when it was written (0 = not known)
  std::string_view program;  // message: the journal's identifier of the program that wrote it
  std::string_view host;     // message: the machine that wrote it
  std::uint32_t pid = 0;     // message: 0 = not known
  TimeNs reference = 0;      // text: the line was written before this (the file's last change, or now); 0 = not known
  std::uint32_t input = 0;   // number of the input that it came from
};

}  // namespace sekisho
