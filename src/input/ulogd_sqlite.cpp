// ulogd2's SQLite output: a table whose columns are named like ulogd's keys, with _ for the dots; rows are numbered by SQLite.
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/text.h"
#include "input/ulogd_database.h"

namespace sekisho {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Statement prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* s = nullptr;
  sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr);
  return Statement{s};
}

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) out += c == '"' ? std::string{"\"\""} : std::string(1, c);
  return out + "\"";
}

class SqliteTable final : public UlogdTable {
 public:
  SqliteTable(Database db, const std::string& table, const std::string& where)
      : db_(std::move(db)),
        newest_(prepare(db_.get(), fmt::format("SELECT ifnull(max(rowid), 0) FROM {}", quoted(table)))),
        rows_(prepare(db_.get(), fmt::format("SELECT rowid, * FROM {} WHERE rowid > ?1{} ORDER BY rowid LIMIT ?2", quoted(table), where))) {
  }
  bool good() const { return rows_ != nullptr; }
  const std::string& trouble() const override { return trouble_; }

  std::optional<std::int64_t> newest() override {
    sqlite3_reset(newest_.get());
    if (sqlite3_step(newest_.get()) == SQLITE_ROW) {
      const auto number = sqlite3_column_int64(newest_.get(), 0);
      sqlite3_reset(newest_.get());
      return number;
    }
    trouble_ = fmt::format("the ulogd database cannot be read: {}", sqlite3_errmsg(db_.get()));
    return std::nullopt;
  }

  bool read(std::int64_t after, std::size_t most, const std::function<void(std::int64_t)>& on_row, const OnValue& on_value) override {
    sqlite3_stmt* s = rows_.get();
    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, after);
    sqlite3_bind_int64(s, 2, static_cast<sqlite3_int64>(most));
    int status = SQLITE_ROW;
    while ((status = sqlite3_step(s)) == SQLITE_ROW) {
      on_row(sqlite3_column_int64(s, 0));
      for (int i = 1; i < sqlite3_column_count(s); ++i) {
        const int type = sqlite3_column_type(s, i);
        if (type == SQLITE_NULL || type == SQLITE_BLOB) continue;
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
        if (text) on_value(sqlite3_column_name(s, i), {text, static_cast<std::size_t>(sqlite3_column_bytes(s, i))}, type == SQLITE_TEXT);
      }
    }
    if (status == SQLITE_DONE) return true;
    trouble_ = fmt::format("the ulogd database cannot be read on: {}", sqlite3_errmsg(db_.get()));
    sqlite3_reset(s);
    return false;
  }

 private:
  Database db_;
  Statement newest_, rows_;
  std::string trouble_;
};

// The table that holds packets: the first with an address and a time of ulogd's.
std::string find_table(sqlite3* db) {
  const Statement tables = prepare(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  while (tables && sqlite3_step(tables.get()) == SQLITE_ROW) {
    const std::string name = reinterpret_cast<const char*>(sqlite3_column_text(tables.get(), 0));
    const Statement columns = prepare(db, fmt::format("PRAGMA table_info({})", quoted(name)));
    bool address = false, time = false;
    while (columns && sqlite3_step(columns.get()) == SQLITE_ROW) {
      const std::string_view column = reinterpret_cast<const char*>(sqlite3_column_text(columns.get(), 1));
      address |= column.starts_with("ip_saddr"), time |= column == "oob_time_sec";
    }
    if (address && time) return name;
  }
  return {};
}

bool has_time(sqlite3* db, const std::string& table) {
  return prepare(db, fmt::format("SELECT oob_time_sec FROM {} LIMIT 0", quoted(table))) != nullptr;
}

}  // namespace

Result<std::unique_ptr<UlogdTable>> open_ulogd_sqlite(const std::string& path, const UlogdOptions& options) {
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db{raw};
  if (status != SQLITE_OK) return Error{fmt::format("{}: {}", escape_hostile(path, 1000), sqlite3_errstr(status))};
  sqlite3_busy_timeout(raw, 2000);
  const std::string table = options.table.empty() ? find_table(raw) : options.table;
  if (table.empty())
    return Error{fmt::format("{}: no table has ulogd's columns oob_time_sec and ip_saddr_str; name it: ulogd:{}#TABLE",
                             escape_hostile(path, 1000), escape_hostile(path, 1000))};
  const std::string where =
      options.since && has_time(raw, table) ? fmt::format(" AND oob_time_sec >= {}", options.since / kSecond) : std::string{};
  auto opened = std::make_unique<SqliteTable>(std::move(db), table, where);
  if (!opened->good()) return Error{fmt::format("{}: there is no table {}", escape_hostile(path, 1000), escape_hostile(table, 64))};
  return std::unique_ptr<UlogdTable>{std::move(opened)};
}

}  // namespace sekisho
