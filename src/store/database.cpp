// SQLite's codes become sentences.
#include "store/database.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "base/text.h"

namespace sekisho {

Error database_error(sqlite3* db, const std::string& path) {
  const int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
  const auto file = escape_hostile(path);
  const auto why = [&] {
    const int system = db ? sqlite3_system_errno(db) : 0;
    const std::string said = db ? sqlite3_errmsg(db) : "out of memory";
    return system ? fmt::format("{}: {}", said, std::strerror(system)) : said;
  };
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {fmt::format("the disk under {} is full: nothing more can be stored until there is room; what was stored is safe", file)};
    case SQLITE_READONLY:
      return {fmt::format("{} cannot be written ({}): check its owner, its folder and whether the disk is mounted read-only", file, why())};
    case SQLITE_IOERR: return {fmt::format("the disk under {} fails ({}): look at 'dmesg'", file, why())};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {
          fmt::format("{0} is damaged ({1}): move it away with 'mv {0} {0}.damaged' and a new one is begun; "
                      "'sqlite3 {0}.damaged .recover' reads what can be saved",
                      file, why())};
    case SQLITE_CANTOPEN: return {fmt::format("{} cannot be opened ({}): it is readable for root and the group sekisho", file, why())};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {fmt::format("{} is locked by another program for too long", file)};
    default: return {fmt::format("{}: {}", file, why())};
  }
}

std::string_view Statement::view(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text ? std::string_view{text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))} : std::string_view{};
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, bytes ? static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)) : 0};
}

void Statement::bind(int at, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), at, value.empty() ? "" : value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind(int at, std::span<const std::uint8_t> value) {
  if (value.empty())
    sqlite3_bind_zeroblob(statement_.get(), at, 0);
  else
    sqlite3_bind_blob64(statement_.get(), at, value.data(), value.size(), SQLITE_TRANSIENT);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  const Error error = database_error(db_, *path_);
  sqlite3_reset(statement_.get());
  return error;
}

Result<void> Statement::finish() {
  for (;;) {
    const bool more = TRY(step());
    if (!more) return {};
  }
}

Result<std::unique_ptr<Database>> Database::open_for_writing(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database{new Database(raw, path)};
  if (code != SQLITE_OK) return database_error(raw, path);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 5000);
  // The log and its index stay when the writer ends, so that readers without rights on the folder can still read.
  int keep = 1;
  sqlite3_file_control(raw, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  TRY(
      database->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY;"
                        "PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-4096;"));
  return database;
}

Result<std::unique_ptr<Database>> Database::open_for_reading(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0)
    return Error{
        fmt::format("there is no store at {}: it is made when the agent first runs (sudo systemctl start sekisho, or sudo sekisho agent)",
                    escape_hostile(path))};
  // A reader without rights on the folder cannot make the index of the log. Without a log the file alone is everything.
  for (const bool alone : {false, true}) {
    if (alone && ::access((path + "-wal").c_str(), F_OK) == 0) break;
    sqlite3* raw = nullptr;
    std::string uri = "file:";
    for (const char c : path)
      uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
    if (alone) uri += "?immutable=1";
    const int code = sqlite3_open_v2(uri.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
    std::unique_ptr<Database> database{new Database(raw, path)};
    if (code != SQLITE_OK) return database_error(raw, path);
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, 2000);
    const auto done = database->execute(
        "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456; SELECT count(*) FROM sqlite_schema;");
    if (done.ok()) return database;
    if (alone || sqlite3_errcode(raw) != SQLITE_CANTOPEN) return done.error();
  }
  return Error{fmt::format("{} cannot be read: you must be root or in the group sekisho", escape_hostile(path))};
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return database_error(db_.get(), path_);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
    return database_error(db_.get(), path_);
  return Statement{db_.get(), raw, &path_};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = TRY(prepare(sql));
  const bool row = TRY(statement.step());
  return row ? statement.integer(0) : 0;
}

}  // namespace sekisho
