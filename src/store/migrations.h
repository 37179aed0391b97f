// The store's schema: numbered steps, each applied once, in order.
#pragma once
#include <string_view>

#include "store/database.h"

namespace sekisho {

// The schema that this program writes.
int newest_schema();
// 0: an empty file. An error when the file is not a store of ours.
Result<int> schema_of(Database& database);
// Brings the file up to newest_schema(), one transaction a step. A newer file is refused and not touched.
Result<void> migrate(Database& database, std::string_view version);

}  // namespace sekisho
