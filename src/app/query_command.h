// `sekisho query`: the traffic history as a series, a question in words about any table, or SQL that reads.
#pragma once
#include <vector>

#include "app/history.h"

namespace sekisho {

struct QueryCommand {
  ReadOptions read;
  // None, "traffic" or "classes": the series. More: a sentence of query_language.h, word by word.
  std::vector<std::string> words;
  std::optional<std::string> sql;   // a statement instead
  unsigned timeout_s = 10;          // of SQL
  std::optional<std::string> step;  // "1s", "10s", "1m", "1h"; chosen for about 60 rows when not given (text), the finest (JSON, CSV)
  std::optional<std::string> direction, traffic_class;
  bool csv = false;
};
int run_query(const QueryCommand& command);

}  // namespace sekisho
