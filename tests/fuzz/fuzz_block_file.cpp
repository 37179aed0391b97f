// Block lists to import: any bytes; what was read is written in each form and read again alike.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "response/block_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  const auto file = parse_block_file({reinterpret_cast<const char*>(data), size}, 1000);
  std::vector<BlockEntry> entries;
  for (const auto& line : file.lines) {
    BlockEntry e;
    e.network = line.network, e.reason = line.reason, e.expires = line.duration.value_or(kSecond);
    if (e.expires <= 0 || line.reason.size() > 200) std::abort();
    entries.push_back(std::move(e));
  }
  for (const auto& text : {block_list_plain(entries, 0), block_list_ipset(entries, 0), block_list_nft(entries, 0)}) {
    const auto again = parse_block_file(text, 1000);
    if (again.lines.size() != entries.size() || again.bad) std::abort();
  }
  const auto plain = parse_block_file(block_list_plain(entries, 0), 1000);
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (plain.lines[i].network != entries[i].network) std::abort();
  return 0;
}
