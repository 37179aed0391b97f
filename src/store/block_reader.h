// Reading the block list and its history.
#pragma once
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

Result<std::vector<StoredBlock>> read_blocks(Database& database);
Result<std::vector<BlockEvent>> read_block_events(Database& database, const std::string& network, TimeNs since, std::size_t limit);
Result<std::vector<BlockOffences>> read_block_offences(Database& database, TimeNs since, std::size_t limit);
Result<std::vector<PortCount>> read_port_counts(Database& database, TimeNs since, TimeNs until);

}  // namespace sekisho
