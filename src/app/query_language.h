// The language of `sekisho query`: one sentence of words about one table. Prose and examples: docs/query.md.
//
//   scans where port = 23 and source in (198.51.100.0/24, 2001:db8::/32) since 7d group by source top 20
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sekisho {

enum class QueryOp { equal, not_equal, less, at_most, greater, at_least, contains };

// What must hold: a test of one field, or several conditions joined.
struct QueryCondition {
  enum class Kind { test, all, any, none };  // none: not (its only part)
  Kind kind = Kind::test;
  std::string field;  // test; lower case
  QueryOp op = QueryOp::equal;
  std::vector<std::string> values;    // test: one, or several of `in (…)`, one of which must be equal
  std::size_t at = 0;                 // test: where it stands in the text
  std::vector<QueryCondition> parts;  // all, any, none
};

struct Query {
  std::string table;
  std::optional<QueryCondition> where;
  std::optional<std::string> since, until, over;  // words of time, as on the command line
  std::vector<std::string> group;
  std::optional<std::size_t> top;
  std::optional<std::string> by;
};

// At most 4,096 bytes, 64 conditions, 16 levels of brackets. The error says at which character, and what is expected there.
Result<Query> parse_query(std::string_view text);

}  // namespace sekisho
