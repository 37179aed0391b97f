// ulogd2's PostgreSQL output, read with libpq. The library is opened at run time: servers without PostgreSQL do not need it.
#include <dlfcn.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <charconv>

#include "base/text.h"
#include "input/ulogd_database.h"

namespace sekisho {
namespace {

// The functions of libpq that are used (its interface 5, unchanged since 2005).
struct Libpq {
  decltype(&PQconnectdb) connectdb = nullptr;
  decltype(&PQfinish) finish = nullptr;
  decltype(&PQstatus) status = nullptr;
  decltype(&PQerrorMessage) error_message = nullptr;
  decltype(&PQexecParams) exec_params = nullptr;
  decltype(&PQresultStatus) result_status = nullptr;
  decltype(&PQntuples) ntuples = nullptr;
  decltype(&PQnfields) nfields = nullptr;
  decltype(&PQfname) fname = nullptr;
  decltype(&PQftype) ftype = nullptr;
  decltype(&PQgetisnull) getisnull = nullptr;
  decltype(&PQgetvalue) getvalue = nullptr;
  decltype(&PQgetlength) getlength = nullptr;
  decltype(&PQclear) clear = nullptr;
};

Result<Libpq> load_libpq() {
  void* library = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library) return Error{"reading ulogd's PostgreSQL database needs libpq, which is not installed: apt-get install libpq5"};
  Libpq pq;
  const auto load = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
    return function != nullptr;
  };
  if (!load(pq.connectdb, "PQconnectdb") || !load(pq.finish, "PQfinish") || !load(pq.status, "PQstatus") ||
      !load(pq.error_message, "PQerrorMessage") || !load(pq.exec_params, "PQexecParams") || !load(pq.result_status, "PQresultStatus") ||
      !load(pq.ntuples, "PQntuples") || !load(pq.nfields, "PQnfields") || !load(pq.fname, "PQfname") || !load(pq.ftype, "PQftype") ||
      !load(pq.getisnull, "PQgetisnull") || !load(pq.getvalue, "PQgetvalue") || !load(pq.getlength, "PQgetlength") ||
      !load(pq.clear, "PQclear"))
    return Error{"the installed libpq lacks a function that every libpq 5 has"};
  return pq;
}

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) out += c == '"' ? std::string{"\"\""} : std::string(1, c);
  return out + "\"";
}

class PostgresTable final : public UlogdTable {
 public:
  PostgresTable(Libpq pq, std::string connection, const UlogdOptions& options) : pq_(pq), connection_(std::move(connection)) {
    const std::string table = options.table.empty() ? "ulog" : options.table;
    sql_ = fmt::format("SELECT * FROM {} WHERE _id > $1{} ORDER BY _id LIMIT $2", quoted(table),
                       options.since ? fmt::format(" AND oob_time_sec >= {}", options.since / kSecond) : std::string{});
    newest_sql_ = fmt::format("SELECT coalesce(max(_id), 0) FROM {}", quoted(table));
  }
  ~PostgresTable() override {
    if (db_) pq_.finish(db_);
  }
  PostgresTable(const PostgresTable&) = delete;
  PostgresTable& operator=(const PostgresTable&) = delete;
  const std::string& trouble() const override { return trouble_; }

  bool connect() {
    if (db_ && pq_.status(db_) == CONNECTION_OK) return true;
    if (db_) pq_.finish(db_);
    db_ = pq_.connectdb(connection_.c_str());
    if (db_ && pq_.status(db_) == CONNECTION_OK) return true;
    failed("cannot be reached");
    return false;
  }
  bool read(std::int64_t after, std::size_t most, const std::function<void(std::int64_t)>& on_row, const OnValue& on_value) override {
    if (!connect()) return false;  // the server may come back: the next call tries again
    const std::string number = std::to_string(after), limit = std::to_string(most);
    const char* const values[] = {number.c_str(), limit.c_str()};
    PGresult* const result = pq_.exec_params(db_, sql_.c_str(), 2, nullptr, values, nullptr, nullptr, 0);
    if (pq_.result_status(result) != PGRES_TUPLES_OK) {
      failed("cannot be read");
      pq_.clear(result);
      return false;
    }
    int id = -1;
    for (int c = 0; c < pq_.nfields(result); ++c)
      if (std::string_view{pq_.fname(result, c)} == "_id") id = c;
    for (int row = 0; row < pq_.ntuples(result) && id >= 0; ++row) {
      std::int64_t n = 0;
      const std::string_view text = value(result, row, id);
      std::from_chars(text.data(), text.data() + text.size(), n);
      on_row(n);
      for (int c = 0; c < pq_.nfields(result); ++c)
        if (!pq_.getisnull(result, row, c)) on_value(pq_.fname(result, c), value(result, row, c), !is_number(pq_.ftype(result, c)));
    }
    pq_.clear(result);
    return true;
  }
  std::optional<std::int64_t> newest() override {
    if (!connect()) return std::nullopt;
    PGresult* const result = pq_.exec_params(db_, newest_sql_.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
    std::optional<std::int64_t> number;
    if (pq_.result_status(result) == PGRES_TUPLES_OK && pq_.ntuples(result) == 1) {
      const auto text = value(result, 0, 0);
      number = 0;
      std::from_chars(text.data(), text.data() + text.size(), *number);
    } else {
      failed("cannot be read");
    }
    pq_.clear(result);
    return number;
  }

 private:
  std::string_view value(const PGresult* result, int row, int column) const {
    return {pq_.getvalue(result, row, column), static_cast<std::size_t>(pq_.getlength(result, row, column))};
  }
  static bool is_number(Oid type) { return type == 20 || type == 21 || type == 23; }  // int8, int2, int4 (catalog/pg_type_d.h)
  void failed(std::string_view what) {
    std::string why = db_ ? pq_.error_message(db_) : "no memory";
    while (!why.empty() && why.back() == '\n') why.pop_back();
    trouble_ = fmt::format("the ulogd database (PostgreSQL) {}: {}", what, escape_hostile(why, 400));
  }

  Libpq pq_;
  std::string connection_, sql_, newest_sql_, trouble_;
  PGconn* db_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<UlogdTable>> open_ulogd_postgres(const std::string& connection, const UlogdOptions& options) {
  const Libpq pq = TRY(load_libpq());
  auto table = std::make_unique<PostgresTable>(pq, connection, options);
  bool good = table->connect();
  if (good)
    good = table->read(
        INT64_MAX, 1, [](std::int64_t) {}, [](std::string_view, std::string_view, bool) {});
  if (!good) return Error{table->trouble()};
  return std::unique_ptr<UlogdTable>{std::move(table)};
}

}  // namespace sekisho
