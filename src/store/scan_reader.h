// Who scanned: the scan hits, read and added up.
#pragma once
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

Result<ScanSummary> read_scanners(Database& database, const ScanFilter& filter);
Result<std::vector<ScanHour>> read_scan_hours(Database& database, const ScanFilter& filter);

}  // namespace sekisho
