// TableRequest: what a view of one table may ask the agent for.
#pragma once
#include <string>

#include "base/result.h"

namespace sekisho {

struct TableRequest {
  std::size_t limit = 200;  // rows, at most 2000
  std::string filter;       // rows that have this text somewhere; empty = all
};
// From the request's parameters, {"limit": 50, "q": "203.0.113.7"}; both may be left out.
Result<TableRequest> parse_table_request(const std::string& with);

}  // namespace sekisho
