// AnswerTable: columns and rows of any question, as text, CSV or JSON.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace sekisho {

// Whatever the rows contain, nothing breaks out of its place: control characters and the like are escaped in all three forms.
struct AnswerTable {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  std::vector<bool> numeric;                            // columns whose cells stand on the right; may be empty
  std::vector<std::pair<std::string, SqlValue>> facts;  // beside the rows, in JSON alone

  std::string text() const;
  std::string csv() const;
  std::string json() const;  // {"schema":1,…,"columns":[…],"rows":[{…}]}
};

}  // namespace sekisho
