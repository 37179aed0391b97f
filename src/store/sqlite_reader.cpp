// The SQLite reader: incidents, evidence, blobs, the audit log, facts about the file.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "store/block_reader.h"
#include "store/database.h"
#include "store/history_reader.h"
#include "store/migrations.h"
#include "store/scan_parts.h"
#include "store/scan_reader.h"
#include "store/store.h"
#include "store/traffic_reader.h"

namespace sekisho {
namespace {

constexpr std::string_view kColumns =
    "id, kind, direction, label, subject, severity, confidence, started, detected, ended, updated, peak_pps, peak_bps, packets, bytes, "
    "json, state";

StoredIncident incident_of(const Statement& row) {
  StoredIncident i;
  i.id = row.text(0), i.kind = row.text(1), i.direction = row.text(2), i.label = row.text(3), i.subject = row.text(4);
  i.severity = static_cast<Severity>(std::clamp<std::int64_t>(row.integer(5), 0, static_cast<int>(Severity::critical)));
  i.confidence = static_cast<int>(row.integer(6));
  i.started = row.integer(7), i.detected = row.integer(8);
  if (!row.is_null(9)) i.ended = row.integer(9);
  i.updated = row.integer(10);
  i.peak_pps = row.real(11), i.peak_bps = row.real(12);
  i.packets = static_cast<std::uint64_t>(row.integer(13)), i.bytes = static_cast<std::uint64_t>(row.integer(14));
  i.json = row.text(15), i.state = row.text(16);
  return i;
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

// "i-20261122-7K3F" -> the end of the id; the day is checked by who wrote it down.
struct ShortId {
  std::string day, end;
};
std::optional<ShortId> short_id_of(std::string_view text) {
  if (text.size() < 12 || (text[0] != 'i' && text[0] != 'I') || text[1] != '-' || text[10] != '-') return std::nullopt;
  return ShortId{std::string{text.substr(2, 8)}, upper(text.substr(11))};
}

// The day of a ULID, as in its short form: its first ten characters are its milliseconds in Crockford's base 32.
std::string day_of(std::string_view id) {
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 10 && i < id.size(); ++i) ms = ms << 5 | (digits.find(id[i]) & 31);
  std::string day = format_datetime(static_cast<TimeNs>(std::min<std::uint64_t>(ms, 9'000'000'000'000ULL)) * kMillisecond).substr(0, 10);
  std::erase(day, '-');
  return day;
}

std::uint64_t file_bytes(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

class SqliteReader final : public StoreReader {
 public:
  explicit SqliteReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<StoredIncident>> incidents(const IncidentFilter& f) override {
    auto statement = TRY(database_->prepare(
        fmt::format("SELECT {} FROM incidents WHERE (?1 IS NULL OR ended IS NULL OR ended>=?1) AND (?2 IS NULL OR started<=?2) AND (?3 IS "
                    "NULL OR kind=?3) "
                    "AND (?4 IS NULL OR direction=?4) AND (?5 IS NULL OR label=?5) AND (?6 IS NULL OR subject=?6) AND severity>=?7 "
                    "AND (?8=0 OR ended IS NULL) AND (?9 IS NULL OR id<?9) AND (?11 IS NULL OR instr(lower(json), lower(?11))) ORDER BY id "
                    "DESC LIMIT ?10",
                    kColumns)));
    std::vector<StoredIncident> list;
    for (statement.start(f.since, f.until, f.kind, f.direction, f.label, f.subject, static_cast<int>(f.at_least), f.open_only ? 1 : 0,
                         f.before, std::uint64_t{f.limit}, f.contains);
         TRY(statement.step());)
      list.push_back(incident_of(statement));
    return list;
  }

  Result<std::optional<StoredIncident>> incident(const std::string& id) override {
    const auto given = short_id_of(id);
    const std::string end = given ? given->end : upper(id);
    if (end.size() < 4 || end.size() > 26 || end.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") != std::string::npos)
      return std::optional<StoredIncident>{};
    auto ids = TRY(database_->prepare("SELECT id FROM incidents WHERE substr(id, -length(?1))=?1 ORDER BY id DESC"));
    std::string found;
    for (ids.start(end); found.empty() && TRY(ids.step());)
      if (!given || day_of(ids.view(0)) == given->day) found = ids.text(0);
    if (found.empty()) return std::optional<StoredIncident>{};
    auto statement = TRY(database_->prepare(fmt::format("SELECT {} FROM incidents WHERE id=?", kColumns)));
    statement.start(found);
    const bool row = TRY(statement.step());
    return row ? std::optional{incident_of(statement)} : std::nullopt;
  }

  Result<std::vector<TimelineEntry>> timeline(const std::string& id) override {
    auto rows = TRY(database_->prepare(
        "SELECT time, what, severity, label, confidence, peak_pps FROM incident_changes WHERE incident_id=? ORDER BY time, rowid"));
    std::vector<TimelineEntry> list;
    for (rows.start(id); TRY(rows.step());)
      list.push_back({rows.integer(0), rows.text(1), static_cast<Severity>(rows.integer(2)), rows.text(3),
                      static_cast<int>(rows.integer(4)), rows.real(5)});
    return list;
  }

  Result<TrafficSeries> traffic(TimeNs since, TimeNs until, DurationNs step) override {
    return read_traffic(*database_, since, until, step);
  }
  Result<std::vector<ClassPoint>> classes(TimeNs since, TimeNs until, DurationNs step) override {
    return read_classes(*database_, since, until, step);
  }
  Result<ScanSummary> scanners(const ScanFilter& filter) override { return read_scanners(*database_, filter); }
  Result<std::vector<ScanHour>> scan_hours(const ScanFilter& filter) override { return read_scan_hours(*database_, filter); }

  Result<void> each_scan(const HistoryRange& range, const std::function<void(const ScanRow&)>& row) override {
    return read_each_scan(*database_, range, row);
  }
  Result<std::unique_ptr<ScanParts>> scan_parts(const HistoryRange& range) override { return read_scan_parts(*database_, range); }
  Result<void> each_login(const HistoryRange& range, const std::function<void(const LoginRow&)>& row) override {
    return read_each_login(*database_, range, row);
  }
  Result<SqlAnswer> sql(const std::string& statement, const SqlLimits& limits) override { return read_sql(*database_, statement, limits); }

  Result<std::vector<EvidenceRecord>> evidence(const std::string& incident_id) override {
    auto rows = TRY(database_->prepare(
        "SELECT incident_id, path, sha256, bytes, packets, written FROM evidence WHERE ?1='' OR incident_id=?1 ORDER BY written, path"));
    std::vector<EvidenceRecord> list;
    for (rows.start(incident_id); TRY(rows.step());)
      list.push_back({rows.text(0), rows.text(1), rows.text(2), static_cast<std::uint64_t>(rows.integer(3)),
                      static_cast<std::uint64_t>(rows.integer(4)), rows.integer(5) * kSecond});
    return list;
  }

  Result<std::vector<StoredBlock>> blocks() override { return read_blocks(*database_); }
  Result<std::vector<BlockEvent>> block_events(const std::string& network, TimeNs since, std::size_t limit) override {
    return read_block_events(*database_, network, since, limit);
  }
  Result<std::vector<BlockOffences>> block_offences(TimeNs since, std::size_t limit) override {
    return read_block_offences(*database_, since, limit);
  }
  Result<std::vector<PortCount>> port_counts(TimeNs since, TimeNs until) override { return read_port_counts(*database_, since, until); }

  Result<std::optional<std::vector<std::uint8_t>>> blob(const std::string& key) override {
    auto rows = TRY(database_->prepare("SELECT value FROM blobs WHERE key=?"));
    rows.start(key);
    const bool row = TRY(rows.step());
    if (!row) return std::optional<std::vector<std::uint8_t>>{};
    const auto bytes = rows.blob(0);
    return std::optional{std::vector<std::uint8_t>{bytes.begin(), bytes.end()}};
  }

  Result<std::vector<AuditEntry>> audit(std::uint64_t after, std::size_t limit) override {
    auto rows = TRY(database_->prepare(
        "SELECT sequence, time, actor, action, detail, previous, hash FROM audit WHERE sequence>? ORDER BY sequence LIMIT ?"));
    std::vector<AuditEntry> list;
    for (rows.start(after, std::uint64_t{limit}); TRY(rows.step());)
      list.push_back({static_cast<std::uint64_t>(rows.integer(0)), rows.integer(1) * kSecond, rows.text(2), rows.text(3), rows.text(4),
                      rows.text(5), rows.text(6)});
    return list;
  }

  Result<StoreFacts> facts() override {
    StoreFacts facts;
    facts.path = database_->path();
    facts.bytes = file_bytes(facts.path) + file_bytes(facts.path + "-wal");
    facts.schema = TRY(schema_of(*database_));
    const auto count = [&](std::string_view sql) -> Result<std::uint64_t> {
      const auto n = TRY(database_->integer(sql));
      return static_cast<std::uint64_t>(n);
    };
    facts.incidents = TRY(count("SELECT count(*) FROM incidents"));
    facts.open_incidents = TRY(count("SELECT count(*) FROM incidents WHERE ended IS NULL"));
    facts.evidence_files = TRY(count("SELECT count(*) FROM evidence"));
    facts.evidence_bytes = TRY(count("SELECT total(bytes) FROM evidence"));
    facts.audit_entries = TRY(count("SELECT max(sequence) FROM audit"));
    const auto first =
        TRY(count("SELECT min(t) FROM (SELECT min(time) t FROM seconds_60 UNION ALL SELECT min(time) FROM second_minutes UNION ALL SELECT "
                  "min(time) FROM "
                  "seconds_1)"));
    const auto last =
        TRY(count("SELECT max(t) FROM (SELECT max(time)+59 t FROM second_minutes UNION ALL SELECT max(time) FROM seconds_1)"));
    if (first) facts.first_second = static_cast<TimeNs>(first) * kSecond;
    if (last) facts.last_second = static_cast<TimeNs>(last) * kSecond;
    return facts;
  }

  Result<void> check() override {
    auto rows = TRY(database_->prepare("PRAGMA quick_check(1)"));
    rows.start();
    TRY(rows.step());
    const auto said = rows.text(0);
    if (said == "ok") return {};
    return Error{fmt::format(
        "{0} is damaged ({1}): stop the agent, then 'mv {0} {0}.damaged'; 'sqlite3 {0}.damaged .recover' reads what can be saved",
        escape_hostile(database_->path()), escape_hostile(said))};
  }

 private:
  std::unique_ptr<Database> database_;
};

}  // namespace

Result<std::unique_ptr<StoreReader>> open_store_reader(const std::string& path) {
  auto database = TRY(Database::open_for_reading(path));
  const int schema = TRY(schema_of(*database));
  if (schema > newest_schema())
    return Error{fmt::format("{} was written by a newer sekisho (schema {}, this one knows up to {}): update this program",
                             escape_hostile(path), schema, newest_schema())};
  if (schema < newest_schema())
    return Error{
        fmt::format("{} has the older schema {}: it is brought up to date when the agent next starts", escape_hostile(path), schema)};
  return std::unique_ptr<StoreReader>{std::make_unique<SqliteReader>(std::move(database))};
}

}  // namespace sekisho
