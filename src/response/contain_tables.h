// Which containments the kernel holds: read from their tables, never from notes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "response/nft.h"

namespace sekisho {

struct ContainState {
  std::string id;
  bool has_devices = false;         // a table of family netdev belongs to it
  std::int64_t left_s = 0;          // until the kernel ends it; 0: it has ended, the empty table is left
  std::int64_t given_s = 0;         // the time-out that it was given
  std::uint64_t dropped_packets = 0, dropped_bytes = 0;
};

Result<std::vector<ContainState>> containments(Nft& nft);

// From the JSON of `list tables` and of `list table inet NAME`; for the tests.
std::vector<ContainState> parse_contain_tables(const std::string& tables_json);
bool parse_contain_table(const std::string& table_json, ContainState& into);

}  // namespace sekisho
