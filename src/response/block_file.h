// Block lists as files: plain text, ipset's and nft's scripts, out and in. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/address.h"
#include "response/block_book.h"

namespace sekisho {

struct BlockLine {
  Network network;
  bool exact = false;                  // written with a length: 2001:db8::1/128
  std::optional<DurationNs> duration;  // "timeout 3600"
  std::string reason;                  // what stands behind #; hostile
};
struct BlockFile {
  std::vector<BlockLine> lines;
  std::vector<std::size_t> bad_lines;  // numbers of lines that hold no address; at most 100
  std::size_t bad = 0, surplus = 0;    // of them; of addresses beyond `most`
};

// One address or network a line ("203.0.113.7 timeout 3600 # reason"), `ipset save` and nft's "add element … { … }" alike. Empty lines and
// comments are passed over. Any bytes.
BlockFile parse_block_file(std::string_view text, std::size_t most = kMaxBlockEntries);

// Entries in force (not suggestions) with the time that they have left.
std::string block_list_plain(const std::vector<BlockEntry>& entries, TimeNs now);
std::string block_list_ipset(const std::vector<BlockEntry>& entries, TimeNs now);
std::string block_list_nft(const std::vector<BlockEntry>& entries, TimeNs now);

}  // namespace sekisho
