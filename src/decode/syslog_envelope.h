// The envelope of a syslog line: when, which machine, which program; what remains is the message.
#pragma once
#include <cstdint>
#include <string_view>

#include "decode/log_time.h"

namespace sekisho {

struct Envelope {
  TimeNs time = 0;
  std::string_view host, program;  // program: without path, process number and "(pam_unix)"
  std::uint32_t pid = 0;           // 0 = none
  bool tagged = false;             // the program's name was followed by a colon, as syslog(3) writes it
  std::string_view message;        // without leading spaces
};

// RFC 3164 (also with fractions, years and busybox's "auth.info"), RFC 5424, rsyslog's ISO time, journalctl -o short, short-iso,
// short-precise and short-unix; an optional <priority> before each. False: none of these.
bool read_envelope(std::string_view line, LogClock& clock, Envelope& out);

}  // namespace sekisho
