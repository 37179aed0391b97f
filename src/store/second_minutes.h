// A minute of seconds in one piece, column after column: a day's graph reads 1,440 rows instead of 86,400.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "store/store.h"

namespace sekisho {

// `seconds`: slices of one second within the minute that begins at `minute_s`, in order of time, each second at most once.
//
// A bit for each second of the minute that is there (64 bits, LEB128); then, for each of packets, bytes, normal and threshold of both sides
// and for what was dropped, the value of every such second as the difference to the one before (zigzag, LEB128). Rates are kept in
// hundredths of a packet/s. A second's peak is its packets.
std::vector<std::uint8_t> pack_minute(std::int64_t minute_s, std::span<const TrafficPoint> seconds);
// Adds the seconds to `into`. False, and nothing is added: the bytes are damaged.
bool unpack_minute(std::int64_t minute_s, std::span<const std::uint8_t> bytes, std::vector<TrafficPoint>& into);

}  // namespace sekisho
