// One row for each source, service and minute; the row of an hour's first minute becomes the hour's.
#include "store/login_writer.h"

namespace sekisho {
namespace {

constexpr std::int64_t kMinuteS = 60, kHourS = 3600, kDayS = 86'400;
constexpr std::string_view kOthers = "::";  // no source can have the unspecified address

}  // namespace

Result<LoginWriter> LoginWriter::open(Database& database, const Retention& retention) {
  LoginWriter w;
  w.detail_s_ = retention.scan_detail / kSecond, w.history_s_ = retention.history / kSecond;
  w.rows_a_day_ = retention.scan_rows_a_day;
  w.update_ = TRY(
      database.prepare("UPDATE logins SET failures=failures+?4, successes=successes+?5, last=max(last,?6) WHERE time=?1 AND service=?2 AND "
                       "source=?3 RETURNING 1"));
  constexpr std::string_view kAdd =
      " ON CONFLICT DO UPDATE SET failures=failures+excluded.failures, successes=successes+excluded.successes, "
      "first=min(first,excluded.first), last=max(last,excluded.last)";
  w.insert_ = TRY(database.prepare("INSERT INTO logins VALUES(?,?,?,?,?,?,?)" + std::string{kAdd}));
  w.rows_of_day_ = TRY(database.prepare("SELECT count(*) FROM logins WHERE time>=? AND time<?"));
  w.oldest_ = TRY(database.prepare("SELECT min(time) FROM logins INDEXED BY logins_minutes WHERE time%3600!=0 AND time<?"));
  // The hour's own row is left alone and added to.
  w.roll_up_ = TRY(
      database.prepare("INSERT INTO logins SELECT ?1, service, source, sum(failures), sum(successes), min(first), max(last) FROM logins "
                       "WHERE time>?1 AND time<?2 GROUP BY service, source" +
                       std::string{kAdd}));
  w.remove_rolled_ = TRY(database.prepare("DELETE FROM logins WHERE time>? AND time<?"));
  w.forget_ = TRY(
      database.prepare("DELETE FROM logins WHERE (time, service, source) IN (SELECT time, service, source FROM logins WHERE time<? LIMIT "
                       "10000)"));
  return w;
}

Result<bool> LoginWriter::room_for_another(std::int64_t day) {
  if (day != day_) {
    rows_of_day_.start(day * kDayS, (day + 1) * kDayS);
    TRY(rows_of_day_.step());
    rows_ = static_cast<std::uint64_t>(rows_of_day_.integer(0));
    TRY(rows_of_day_.step());
    day_ = day;
  }
  return rows_ < rows_a_day_;
}

Result<void> LoginWriter::add(std::span<const LoginCount> counts) {
  for (const auto& count : counts) {
    const auto last = count.last / kSecond, minute = last - last % kMinuteS;
    const auto source = to_string(count.source);
    update_.start(minute, count.service, source, count.failures, count.successes, last);
    const bool known = TRY(update_.step());
    if (known) {
      TRY(update_.step());
      continue;
    }
    // Whoever comes after the day's last row is counted among the others; known sources go on having their own.
    const bool own = TRY(room_for_another(minute / kDayS));
    rows_ += own;
    TRY(insert_.run(minute, count.service, own ? std::string_view{source} : kOthers, count.failures, count.successes, count.first / kSecond,
                    last));
  }
  return {};
}

// An hour at a time, the oldest first.
Result<void> LoginWriter::maintain(std::int64_t now_s) {
  const auto before = (now_s - detail_s_) / kHourS * kHourS;
  for (int hours = 0; hours < 4; ++hours) {
    oldest_.start(before);
    TRY(oldest_.step());
    const bool none = oldest_.is_null(0);
    const auto hour = oldest_.integer(0) / kHourS * kHourS;
    TRY(oldest_.step());
    if (none) break;
    TRY(roll_up_.run(hour, hour + kHourS));
    TRY(remove_rolled_.run(hour, hour + kHourS));
  }
  return forget_.run(now_s - history_s_);
}

}  // namespace sekisho
