// `sekisho query`: the traffic history as a series.
#pragma once
#include "app/history.h"

namespace sekisho {

struct QueryCommand {
  ReadOptions read;
  std::string what = "traffic";     // "traffic", "classes"
  std::optional<std::string> step;  // "1s", "10s", "1m", "1h"; chosen for about 60 rows when not given (text), the finest (JSON, CSV)
  std::optional<std::string> direction, traffic_class;
  bool csv = false;
};
int run_query(const QueryCommand& command);

}  // namespace sekisho
