// Turns rows into lines, whatever database they come from.
#include "input/ulogd_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace sekisho {
namespace {

constexpr std::size_t kBatch = 1000;

void add_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  out += '"';
}

}  // namespace

bool is_postgres(std::string_view what) {
  return what.starts_with("postgresql://") || what.starts_with("postgres://") || what.find("dbname=") != std::string_view::npos;
}

bool is_sqlite(const std::string& path) {
  char head[16] = {};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return false;
  const auto n = ::read(fd, head, sizeof head);
  ::close(fd);
  return n == sizeof head && std::memcmp(head, "SQLite format 3", 16) == 0;
}

Result<std::unique_ptr<UlogdDatabase>> UlogdDatabase::open(const std::string& what, UlogdOptions options) {
  std::unique_ptr<UlogdDatabase> database{new UlogdDatabase};
  database->options_ = std::move(options);
  const auto& o = database->options_;
  // A connection may hold a password: its name is what stands before it.
  database->name_ = is_postgres(what) ? "ulogd (PostgreSQL)" : "ulogd " + what;
  database->table_ = is_postgres(what) ? TRY(open_ulogd_postgres(what, o)) : TRY(open_ulogd_sqlite(what, o));
  const auto& position = o.position;
  std::from_chars(position.data(), position.data() + position.size(), database->last_);
  if (position.empty() && o.from_end) {
    const auto newest = database->table_->newest();
    if (!newest) return Error{database->table_->trouble()};
    database->last_ = *newest;
  }
  return database;
}

bool UlogdDatabase::fetch() {
  rows_.clear();
  at_ = 0;
  const bool good = table_->read(
      last_, kBatch, [&](std::int64_t number) { rows_.emplace_back(number, "{"); },
      [&](std::string_view column, std::string_view value, bool is_text) {
        auto& text = rows_.back().second;
        if (text.size() > 16 << 10) return;  // no packet needs so much
        if (text.size() > 1) text += ',';
        add_quoted(text, column);
        text += ':';
        is_text ? add_quoted(text, value) : void(text += value);
      });
  if (!good) stats_.trouble = table_->trouble();
  for (auto& [number, text] : rows_) text += '}';
  return !rows_.empty();
}

LineState UlogdDatabase::next(LogLine& out) {
  if (at_ == rows_.size() && !fetch()) return options_.follow ? LineState::none : LineState::end;
  const auto& [number, text] = rows_[at_++];
  last_ = number;
  ++stats_.lines;
  stats_.bytes += text.size();
  out = {.text = text, .form = LineForm::ulogd, .input = options_.input};
  return LineState::line;
}

void UlogdDatabase::remember(LogPositions& positions) const { positions[name_] = std::to_string(last_); }

}  // namespace sekisho
