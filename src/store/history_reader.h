// The history row by row, for questions that no view has prepared; and SQL that can only read.
#pragma once
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

Result<void> read_each_login(Database& database, const HistoryRange& range, const std::function<void(const LoginRow&)>& row);
Result<SqlAnswer> read_sql(Database& database, const std::string& statement, const SqlLimits& limits);

}  // namespace sekisho
