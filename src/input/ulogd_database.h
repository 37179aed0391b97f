// UlogdDatabase: packets that ulogd2 wrote into a database, SQLite or PostgreSQL, past ones and new ones.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "input/line_source.h"

namespace sekisho {

struct UlogdOptions {
  std::uint32_t input = 0;
  bool follow = false;
  bool from_end = false;  // without a position: only rows that are written from now on
  TimeNs since = 0;
  std::string table;     // empty: found by its columns
  std::string position;  // of remember(): the number of the last row
};

// A table that is read forward, a batch of rows at a time, by a number that only grows.
class UlogdTable {
 public:
  using OnValue = std::function<void(std::string_view column, std::string_view value, bool is_text)>;
  virtual ~UlogdTable() = default;
  // Rows with a number above `after`, in its order, at most so many: for each on_row, then its values. False: see trouble().
  virtual bool read(std::int64_t after, std::size_t most, const std::function<void(std::int64_t number)>& on_row,
                    const OnValue& on_value) = 0;
  // The largest number that there is; 0: no rows. Empty: see trouble().
  virtual std::optional<std::int64_t> newest() = 0;
  virtual const std::string& trouble() const = 0;
};
// libpq is loaded when it is asked for: the program runs without it.
Result<std::unique_ptr<UlogdTable>> open_ulogd_sqlite(const std::string& path, const UlogdOptions& options);
Result<std::unique_ptr<UlogdTable>> open_ulogd_postgres(const std::string& connection, const UlogdOptions& options);

// One thread. Rows become the JSON that ulogd2's JSON output writes, columns as names.
class UlogdDatabase final : public LineSource {
 public:
  // "postgresql://…" or "dbname=… host=…" is PostgreSQL, anything else a file of SQLite.
  static Result<std::unique_ptr<UlogdDatabase>> open(const std::string& what, UlogdOptions options);
  LineState next(LogLine& out) override;
  const std::string& name() const override { return name_; }
  const LineStats& stats() const override { return stats_; }
  void remember(LogPositions& positions) const override;

 private:
  UlogdDatabase() = default;
  bool fetch();
  std::string name_;
  UlogdOptions options_;
  std::unique_ptr<UlogdTable> table_;
  std::vector<std::pair<std::int64_t, std::string>> rows_;
  std::size_t at_ = 0;
  std::int64_t last_ = 0;  // number of the row that was handed out last
  LineStats stats_;
};

// Is this a connection to PostgreSQL rather than a file?
bool is_postgres(std::string_view what);
// Is the file an SQLite database?
bool is_sqlite(const std::string& path);

}  // namespace sekisho
