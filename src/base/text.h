// Text for people: numbers with units, and hostile text made harmless.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho {

std::string format_count(std::uint64_t n);       // 1,204,118
std::string format_rate_pps(double pps);         // "812 kpps", "9.1 kpps", "340 pps"
std::string format_rate_bps(double bits_per_s);  // "6.9 Gb/s"
std::string format_bytes(std::uint64_t bytes);   // "71.9 MB" (powers of 1000)
// Control characters, invalid UTF-8, escape sequences, bidirectional and invisible marks become \xNN or \u{NNNN}; at most max_bytes.
std::string escape_hostile(std::string_view text, std::size_t max_bytes = 256);

// One cell of CSV (RFC 4180): quoted where it must be; what a spreadsheet would take for a formula is preceded by an apostrophe,
// also where semicolons separate cells.
// Hostile text goes through escape_hostile() before.
std::string csv_cell(std::string_view text);

}  // namespace sekisho
