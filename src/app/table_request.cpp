// Unknown parameters are left alone: others of the dashboard's come along.
#include "app/table_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sekisho {

Result<TableRequest> parse_table_request(const std::string& with) {
  const auto given = nlohmann::json::parse(with.empty() ? "{}" : with, nullptr, false);
  if (!given.is_object()) return Error{"'with' must be an object"};
  TableRequest request;
  if (const auto limit = given.find("limit"); limit != given.end()) {
    if (!limit->is_number_unsigned()) return Error{"'limit' must be a number"};
    request.limit = std::min<std::size_t>(limit->get<std::size_t>(), 2000);
  }
  if (const auto q = given.find("q"); q != given.end()) {
    if (!q->is_string()) return Error{"'q' must be a text"};
    request.filter = q->get<std::string>();
  }
  return request;
}

}  // namespace sekisho
