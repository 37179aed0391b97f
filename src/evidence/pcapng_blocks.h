// The blocks of a pcapng file, built at the end of a buffer. Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "evidence/stored_frame.h"

namespace sekisho {

// Texts must be valid UTF-8; at most 60,000 bytes of a comment are kept.
void append_section_header(std::vector<std::uint8_t>& out, std::string_view comment, std::string_view application);
// Times of its packets are in nanoseconds.
void append_interface(std::vector<std::uint8_t>& out, LinkType link, std::string_view name);
// `interface` is the number of the interface's block in the file. Options: inbound or outbound (epb_flags); a comment "weight N",
// "context" or "context, weight N" where that is so.
void append_packet(std::vector<std::uint8_t>& out, std::uint32_t interface, const StoredFrame& frame);

// At least what append_packet takes for a frame of so many captured bytes.
constexpr std::size_t max_packet_block(std::size_t captured) { return captured + 88; }

}  // namespace sekisho
