// The SQLite writer: opening with lock and migration, incidents, evidence, blobs, the audit log.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/file_lock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "store/block_writer.h"
#include "store/database.h"
#include "store/login_writer.h"
#include "store/migrations.h"
#include "store/scan_writer.h"
#include "store/store.h"
#include "store/traffic_writer.h"

namespace sekisho {
namespace {

constexpr int kTimelineEntries = 500;  // of one incident; the last ones are the least surprising

class SqliteWriter final : public StoreWriter {
 public:
  static Result<std::unique_ptr<StoreWriter>> open(const std::string& path, const Retention& retention, std::string_view version) {
    const auto folder = std::filesystem::path{path}.parent_path();
    std::error_code failed;
    if (!folder.empty()) {
      const bool made = std::filesystem::create_directories(folder, failed);
      if (failed)
        return Error{fmt::format("cannot make the folder {} for the store: {}", escape_hostile(folder.string()), failed.message())};
      if (made) ::chmod(folder.c_str(), 0750);
    }
    auto lock = TRY(FileLock::take(path + ".lock", "another agent already writes to this store", "give this one its own [store] path"));
    // SQLite makes the log and its index with the rights of the file.
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return Error{fmt::format("cannot open the store {}: {}", escape_hostile(path), std::strerror(errno))};
    ::close(fd);
    auto database = TRY(Database::open_for_writing(path));
    TRY(migrate(*database, version));
    auto traffic = TRY(TrafficWriter::open(*database, retention));
    auto scans = TRY(ScanWriter::open(*database, retention));
    auto logins = TRY(LoginWriter::open(*database, retention));
    auto blocks = TRY(BlockWriter::open(*database, retention));
    std::unique_ptr<SqliteWriter> writer{
        new SqliteWriter(std::move(lock), std::move(database), std::move(traffic), std::move(scans), std::move(logins), std::move(blocks))};
    TRY(writer->prepare(retention));
    return std::unique_ptr<StoreWriter>{std::move(writer)};
  }

  Result<void> put_incident(const StoredIncident& i, const std::optional<TimelineEntry>& change) override {
    TRY(begin());
    TRY(failed(put_incident_.run(i.id, i.kind, i.direction, i.label, i.subject, static_cast<int>(i.severity), i.confidence, i.started,
                                 i.detected, i.ended, i.updated, i.peak_pps, i.peak_bps, i.packets, i.bytes, i.json, i.state)));
    if (!change) return {};
    return failed(put_change_.run(i.id, change->time, change->what, static_cast<int>(change->severity), change->label, change->confidence,
                                  change->peak_pps, kTimelineEntries));
  }
  Result<void> append_second(const TrafficSecond& second) override {
    TRY(begin());
    return failed(traffic_.append(second));
  }
  Result<void> add_scan_hits(std::span<const ScanHit> hits) override {
    TRY(begin());
    return failed(scans_.add(hits));
  }
  Result<void> add_logins(std::span<const LoginCount> counts) override {
    TRY(begin());
    return failed(logins_.add(counts));
  }
  Result<void> put_evidence(const EvidenceRecord& r) override {
    TRY(begin());
    return failed(put_evidence_.run(r.path, r.incident_id, r.sha256, r.bytes, r.packets, r.written / kSecond));
  }
  Result<void> remove_evidence(const std::string& path) override {
    TRY(begin());
    return failed(remove_evidence_.run(path));
  }
  Result<void> put_blob(const std::string& key, TimeNs now, std::span<const std::uint8_t> bytes) override {
    TRY(begin());
    return failed(put_blob_.run(key, now / kSecond, bytes));
  }

  Result<AuditEntry> append_audit(AuditEntry entry) override {
    TRY(begin());
    last_audit_.start();
    const bool any = TRY(last_audit_.step());
    entry.sequence = any ? static_cast<std::uint64_t>(last_audit_.integer(0)) + 1 : 1;
    entry.previous = any ? last_audit_.text(1) : std::string(64, '0');
    if (any) TRY(last_audit_.step());
    entry.time = entry.time / kSecond * kSecond;  // as it will be read
    entry.hash = audit_hash(entry);
    TRY(failed(put_audit_.run(entry.sequence, entry.time / kSecond, entry.actor, entry.action, entry.detail, entry.previous, entry.hash)));
    return entry;
  }

  Result<void> put_block(const StoredBlock& block) override {
    TRY(begin());
    return failed(blocks_.put(block));
  }
  Result<void> remove_block(const std::string& network) override {
    TRY(begin());
    return failed(blocks_.remove(network));
  }
  Result<void> clear_blocks() override {
    TRY(begin());
    return failed(blocks_.clear());
  }
  Result<void> append_block_event(const BlockEvent& event) override {
    TRY(begin());
    return failed(blocks_.append(event));
  }
  Result<void> add_port_counts(TimeNs now, std::span<const std::pair<std::uint16_t, std::uint64_t>> counts) override {
    TRY(begin());
    return failed(blocks_.add_port_counts(now, counts));
  }

  Result<void> commit() override {
    if (!database_->in_transaction()) return {};
    return failed(database_->execute("COMMIT"));
  }

  Result<void> maintain(TimeNs now) override {
    TRY(begin());
    TRY(failed(traffic_.maintain(now / kSecond)));
    TRY(failed(scans_.maintain(now / kSecond)));
    TRY(failed(logins_.maintain(now / kSecond)));
    TRY(failed(blocks_.maintain(now)));
    TRY(failed(remove_changes_.run(now - history_)));
    return failed(remove_incidents_.run(now - history_));
  }

 private:
  SqliteWriter(FileLock lock, std::unique_ptr<Database> database, TrafficWriter traffic, ScanWriter scans, LoginWriter logins,
               BlockWriter blocks)
      : lock_(std::move(lock)),
        database_(std::move(database)),
        traffic_(std::move(traffic)),
        scans_(std::move(scans)),
        logins_(std::move(logins)),
        blocks_(std::move(blocks)) {}

  Result<void> prepare(const Retention& retention) {
    history_ = retention.history;
    put_incident_ = TRY(database_->prepare("INSERT OR REPLACE INTO incidents VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    put_change_ =
        TRY(database_->prepare("INSERT INTO incident_changes SELECT ?1,?2,?3,?4,?5,?6,?7 "
                               "WHERE (SELECT count(*) FROM incident_changes WHERE incident_id=?1)<?8"));
    put_evidence_ = TRY(database_->prepare("INSERT OR REPLACE INTO evidence VALUES(?,?,?,?,?,?)"));
    remove_evidence_ = TRY(database_->prepare("DELETE FROM evidence WHERE path=?"));
    put_blob_ = TRY(database_->prepare("INSERT OR REPLACE INTO blobs VALUES(?,?,?)"));
    last_audit_ = TRY(database_->prepare("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1"));
    put_audit_ = TRY(database_->prepare("INSERT INTO audit VALUES(?,?,?,?,?,?,?)"));
    remove_changes_ =
        TRY(database_->prepare("DELETE FROM incident_changes WHERE incident_id IN (SELECT id FROM incidents WHERE ended<? LIMIT 1000)"));
    remove_incidents_ = TRY(database_->prepare("DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE ended<? LIMIT 1000)"));
    return {};
  }

  Result<void> begin() {
    if (database_->in_transaction()) return {};
    return database_->execute("BEGIN IMMEDIATE");
  }
  // After an error the batch is given up as a whole, so that half of it is never made durable.
  template <class T>
  Result<T> failed(Result<T> done) {
    if (done.ok()) return done;
    if (database_->in_transaction()) static_cast<void>(database_->execute("ROLLBACK"));
    traffic_.rolled_back(), scans_.rolled_back(), logins_.rolled_back();
    return done;
  }

  FileLock lock_;
  std::unique_ptr<Database> database_;
  TrafficWriter traffic_;
  ScanWriter scans_;
  LoginWriter logins_;
  BlockWriter blocks_;
  Statement put_incident_, put_change_, put_evidence_, remove_evidence_, put_blob_, last_audit_, put_audit_, remove_changes_,
      remove_incidents_;
  DurationNs history_ = 0;
};

}  // namespace

std::string audit_hash(const AuditEntry& entry) {
  Sha256 sum;
  for (const auto& field :
       {entry.previous, std::to_string(entry.sequence), std::to_string(entry.time / kSecond), entry.actor, entry.action, entry.detail})
    sum.add(fmt::format("{}:", field.size())), sum.add(field);
  return sum.hex();
}

Result<std::unique_ptr<StoreWriter>> open_store_writer(const std::string& path, const Retention& retention, std::string_view version) {
  return SqliteWriter::open(path, retention, version);
}

}  // namespace sekisho
