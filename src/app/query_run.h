// A query of words made ready, and answered from the store.
#pragma once
#include <string>
#include <vector>

#include "app/query_language.h"
#include "app/query_tables.h"
#include "app/time_words.h"

namespace sekisho {

// A condition with its field found and its values understood.
struct ReadyCondition {
  QueryCondition::Kind kind = QueryCondition::Kind::test;
  std::size_t field = 0;
  FieldType type = FieldType::text;
  QueryOp op = QueryOp::equal;
  struct Value {
    std::int64_t number = 0;
    double real = 0;
    std::string text;
    Network network;
  };
  std::vector<Value> values;
  std::vector<ReadyCondition> parts;
};
bool holds(const ReadyCondition& condition, QueryRow row);

struct ReadyQuery {
  const QueryTable* table = nullptr;
  TimeRange range;
  std::optional<ReadyCondition> where;
  std::vector<std::size_t> group;  // fields
  DurationNs over = 0;             // 0: not over time
  std::size_t top = 0;
  std::optional<std::size_t> by;     // field; without groups: newest first when there is none
  bool grouped = false;              // rows are added up
  std::optional<Address> source;     // all conditions hold for this source alone
  std::vector<std::uint16_t> ports;  // for these ports alone; empty: for others, too
  std::optional<Network> within;     // for sources in it alone
};
// Errors name the field or value and what is possible. `now`: what words of time are relative to.
Result<ReadyQuery> prepare_query(const Query& query, TimeNs now);

// Columns and rows ready to be shown. Times are RFC 3339 (`for_people`: local).
struct QueryAnswer {
  std::vector<std::string> columns;
  std::vector<bool> numeric;  // by column
  std::vector<std::vector<SqlValue>> rows;
  std::uint64_t matched = 0;  // rows of the table that the conditions hold for
  bool cut = false;           // there is more than `top` shows
};
Result<QueryAnswer> answer_query(StoreReader& reader, const ReadyQuery& query, bool for_people);

}  // namespace sekisho
