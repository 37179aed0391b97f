// Logins by time and source; SQL behind an authorizer and a deadline.
#include "store/history_reader.h"

#include <fmt/format.h>

#include <chrono>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::int64_t kHourS = 3600;

// What a statement of a stranger may do: read. Attaching files, changing settings and all the rest is refused.
int only_reading(void*, int action, const char*, const char* function, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: return function && std::string_view{function} == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default: return SQLITE_DENY;
  }
}

struct Deadline {
  std::chrono::steady_clock::time_point end;
};
int too_late(void* given) { return std::chrono::steady_clock::now() > static_cast<Deadline*>(given)->end; }

// Takes its hooks away again, whatever happens.
struct Guard {
  Guard(sqlite3* of, Deadline& deadline) : db(of) {
    sqlite3_set_authorizer(db, only_reading, nullptr);
    sqlite3_progress_handler(db, 10'000, too_late, &deadline);
    limit = sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 16 << 20);
  }
  ~Guard() {
    sqlite3_set_authorizer(db, nullptr, nullptr);
    sqlite3_progress_handler(db, 0, nullptr, nullptr);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, limit);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  sqlite3* db;
  int limit;
};

SqlValue value_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return {};
    case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      return bytes ? std::string{bytes, size} : std::string{};
    }
  }
}

}  // namespace

Result<void> read_each_login(Database& database, const HistoryRange& range, const std::function<void(const LoginRow&)>& each) {
  const auto from = range.since / kSecond;
  // A row of an hour has the time of its first minute.
  auto rows = TRY(database.prepare(
      fmt::format("SELECT time, service, source, failures, successes, first, last FROM logins {} WHERE time>=?1 AND time<?2 AND last>=?3 "
                  "AND {}",
                  range.source ? "INDEXED BY logins_source" : "", range.source ? "source IN (?4, ?5)" : "?4 IS NULL AND ?5 IS NULL")));
  // IPv6 sources are counted by their /64.
  const auto source = range.source ? std::optional{to_string(*range.source)} : std::nullopt;
  const auto wider = range.source ? std::optional{to_string(Network{masked(*range.source, 64), 64})} : std::nullopt;
  for (rows.start(from - from % kHourS, range.until / kSecond + 1, from, source, wider); TRY(rows.step());) {
    const auto network = parse_network(rows.view(2));
    if (!network) continue;
    each({rows.integer(0) * kSecond, *network, rows.view(1), static_cast<std::uint64_t>(rows.integer(3)),
          static_cast<std::uint64_t>(rows.integer(4)), rows.integer(5) * kSecond, rows.integer(6) * kSecond});
  }
  return {};
}

Result<SqlAnswer> read_sql(Database& database, const std::string& text, const SqlLimits& limits) {
  sqlite3* db = database.handle();
  Deadline deadline{std::chrono::steady_clock::now() + std::chrono::nanoseconds{limits.time}};
  const Guard guard{db, deadline};
  const auto refused = [&](std::string_view why) { return Error{fmt::format("--sql: {}", why), ErrorKind::usage}; };
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int prepared = sqlite3_prepare_v2(db, text.data(), static_cast<int>(text.size()), &raw, &rest);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
  if (prepared == SQLITE_AUTH) return refused("it may only read: one SELECT, no PRAGMA, no ATTACH, nothing that changes");
  if (prepared != SQLITE_OK) return refused(fmt::format("{} (docs/query.md lists the tables)", escape_hostile(sqlite3_errmsg(db), 300)));
  if (!raw) return refused("there is no statement");
  while (rest < text.data() + text.size() && (*rest == ';' || *rest == ' ' || *rest == '\n' || *rest == '\t')) ++rest;
  if (rest < text.data() + text.size()) return refused("one statement at a time");
  if (!sqlite3_stmt_readonly(raw)) return refused("it may only read");
  SqlAnswer answer;
  const int columns = sqlite3_column_count(raw);
  for (int i = 0; i < columns; ++i) answer.columns.emplace_back(sqlite3_column_name(raw, i) ? sqlite3_column_name(raw, i) : "");
  for (;;) {
    const int step = sqlite3_step(raw);
    if (step == SQLITE_DONE) return answer;
    if (step == SQLITE_INTERRUPT)
      return refused(fmt::format("no answer within {} s: ask for less, or say --timeout", limits.time / kSecond));
    if (step != SQLITE_ROW) return refused(escape_hostile(sqlite3_errmsg(db), 300));
    if (answer.rows.size() >= limits.rows) {
      answer.cut = true;
      return answer;
    }
    auto& row = answer.rows.emplace_back();
    for (int i = 0; i < columns; ++i) row.push_back(value_of(raw, i));
  }
}

}  // namespace sekisho
