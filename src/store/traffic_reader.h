// The traffic history, read.
#pragma once
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

Result<TrafficSeries> read_traffic(Database& database, TimeNs since, TimeNs until, DurationNs step);
Result<std::vector<ClassPoint>> read_classes(Database& database, TimeNs since, TimeNs until, DurationNs step);

}  // namespace sekisho
