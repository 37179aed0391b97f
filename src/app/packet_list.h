// The first packets of a capture file with their headers in words: what the dashboard lists beside an incident.
#pragma once
#include <string>

#include "base/result.h"

namespace sekisho {

// A JSON array, at most `limit` packets: {number, time, bytes, captured, from, to, summary, layers: [{name, fields: [{name, value}]}],
// payload}. `payload`: the first captured bytes of the transport payload, in hexadecimal and as text. All text is harmless.
Result<std::string> packet_list(const std::string& path, std::size_t limit);

}  // namespace sekisho
