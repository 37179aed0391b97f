// The scan hits row by row: one after the other, or in parts for several threads.
#pragma once
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

// Whole days come from their blocks where that is enough, the rest from hours and minutes.
Result<void> read_each_scan(Database& database, const HistoryRange& range, const std::function<void(const ScanRow&)>& row);
Result<std::unique_ptr<ScanParts>> read_scan_parts(Database& database, const HistoryRange& range);

}  // namespace sekisho
