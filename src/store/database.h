// Database and Statement: SQLite with Results instead of codes. Known to the room store alone.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sekisho {

// A prepared statement; belongs to the thread of its Database and must not outlive it.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, sqlite3_stmt* statement, const std::string* path) : db_(db), statement_(statement), path_(path) {}

  // Binds all, in order, and runs it to its end; for statements without rows.
  template <class... Values>
  Result<void> run(const Values&... values) {
    start(values...);
    return finish();
  }
  // Binds all, in order; then step() for each row, until it says false.
  template <class... Values>
  void start(const Values&... values) {
    sqlite3_reset(statement_.get());
    int at = 0;
    (bind(++at, values), ...);
  }
  Result<bool> step();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::string text(int column) const { return std::string{view(column)}; }
  std::string_view view(int column) const;               // valid until the next step
  std::span<const std::uint8_t> blob(int column) const;  // valid until the next step

  void bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_.get(), at, value); }
  void bind(int at, std::uint64_t value) { bind(at, static_cast<std::int64_t>(value)); }
  void bind(int at, int value) { bind(at, std::int64_t{value}); }
  void bind(int at, unsigned value) { bind(at, std::int64_t{value}); }
  void bind(int at, double value) { sqlite3_bind_double(statement_.get(), at, value); }
  void bind(int at, std::string_view value);
  void bind(int at, const std::string& value) { bind(at, std::string_view{value}); }
  void bind(int at, const char* value) { bind(at, std::string_view{value}); }
  void bind(int at, std::span<const std::uint8_t> value);
  template <class T>
  void bind(int at, const std::optional<T>& value) {
    if (value)
      bind(at, *value);
    else
      sqlite3_bind_null(statement_.get(), at);
  }

 private:
  Result<void> finish();
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* db_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_ = nullptr;
};

class Database {
 public:
  // Creates the file when it is missing.
  static Result<std::unique_ptr<Database>> open_for_writing(const std::string& path);
  static Result<std::unique_ptr<Database>> open_for_reading(const std::string& path);

  const std::string& path() const { return path_; }
  Result<void> execute(const char* sql);  // several statements, no rows
  Result<Statement> prepare(std::string_view sql);
  Result<std::int64_t> integer(std::string_view sql);  // the first column of the only row; 0 without a row
  sqlite3* handle() { return db_.get(); }              // for what is not wrapped here
  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }

 private:
  Database(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
  const std::string path_;
};

// What went wrong, in words and with the way out.
Error database_error(sqlite3* db, const std::string& path);

}  // namespace sekisho
