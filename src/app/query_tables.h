// The tables that `sekisho query` knows: their fields, and how their rows come out of the store.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace sekisho {

enum class FieldType { text, number, real, network, time, severity };
// What a group makes of a field: its rows are told apart by it, or it is added up.
enum class FieldUse { key, sum, largest, earliest, latest };
struct QueryField {
  std::string_view name;
  FieldType type = FieldType::text;
  FieldUse use = FieldUse::key;
  std::string_view help;
  std::string_view values = {};  // of a text: all that there are, between spaces; empty: any
  std::int64_t most = 0;         // of a number; 0: no bound
};

// A value; which member holds it says the field's type: number for number, time and severity.
struct QueryCell {
  std::int64_t number = 0;
  double real = 0;
  std::string_view text;  // valid while the row is handed on
  Network network;
};
using QueryRow = std::span<const QueryCell>;  // one for each field of the table
using EachQueryRow = std::function<void(QueryRow)>;

// What is asked of a table; rows outside may come all the same.
struct QueryRange {
  TimeNs since = 0, until = 0;
  std::optional<Address> source;     // of this one alone
  DurationNs step = 0;               // rows need be no finer; 0: as fine as they are kept
  std::vector<std::uint16_t> ports;  // of these alone; empty: of all
  std::optional<Network> within;     // of sources in it alone
};

// The rows of a table in parts for several threads; no source is in two of them.
class QueryParts {
 public:
  virtual ~QueryParts() = default;
  virtual std::size_t size() const = 0;
  virtual void each(std::size_t part, const EachQueryRow& row) const = 0;  // any thread
};

struct QueryTable {
  std::string_view name, help;
  std::span<const QueryField> fields;  // the first is the time
  DurationNs reach = 0;                // back from now, when the question says nothing
  Result<void> (*read)(StoreReader&, const QueryRange&, const EachQueryRow&) = nullptr;
  // Null: it is not read in parts.
  Result<std::unique_ptr<QueryParts>> (*parts)(StoreReader&, const QueryRange&) = nullptr;
};
std::span<const QueryTable> query_tables();

}  // namespace sekisho
