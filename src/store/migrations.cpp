// Every schema since the first. A step that was released is never changed: add another.
#include "store/migrations.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "base/text.h"

namespace sekisho {
namespace {

// Times of incidents are nanoseconds since 1970, all others seconds. Directions stand as columns: in = ingress, out = egress.
constexpr std::array kSteps{
    // 1: incidents, traffic, scan hits, evidence, blobs, audit.
    R"(
CREATE TABLE incidents(
  id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, direction TEXT NOT NULL, label TEXT NOT NULL, subject TEXT NOT NULL,
  severity INTEGER NOT NULL, confidence INTEGER NOT NULL, started INTEGER NOT NULL, detected INTEGER NOT NULL, ended INTEGER,
  updated INTEGER NOT NULL, peak_pps REAL NOT NULL, peak_bps REAL NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,
  json TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX incidents_ended ON incidents(ended);
CREATE TABLE incident_changes(
  incident_id TEXT NOT NULL, time INTEGER NOT NULL, what TEXT NOT NULL, severity INTEGER NOT NULL, label TEXT NOT NULL,
  confidence INTEGER NOT NULL, peak_pps REAL NOT NULL);
CREATE INDEX incident_changes_id ON incident_changes(incident_id, time);

CREATE TABLE seconds_1(
  time INTEGER PRIMARY KEY, seconds INTEGER NOT NULL,
  in_packets INTEGER NOT NULL, in_bytes INTEGER NOT NULL, in_peak_pps REAL NOT NULL, in_normal_pps REAL NOT NULL, in_threshold_pps REAL NOT NULL,
  out_packets INTEGER NOT NULL, out_bytes INTEGER NOT NULL, out_peak_pps REAL NOT NULL, out_normal_pps REAL NOT NULL,
  out_threshold_pps REAL NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE seconds_10(
  time INTEGER PRIMARY KEY, seconds INTEGER NOT NULL,
  in_packets INTEGER NOT NULL, in_bytes INTEGER NOT NULL, in_peak_pps REAL NOT NULL, in_normal_pps REAL NOT NULL, in_threshold_pps REAL NOT NULL,
  out_packets INTEGER NOT NULL, out_bytes INTEGER NOT NULL, out_peak_pps REAL NOT NULL, out_normal_pps REAL NOT NULL,
  out_threshold_pps REAL NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE seconds_60(
  time INTEGER PRIMARY KEY, seconds INTEGER NOT NULL,
  in_packets INTEGER NOT NULL, in_bytes INTEGER NOT NULL, in_peak_pps REAL NOT NULL, in_normal_pps REAL NOT NULL, in_threshold_pps REAL NOT NULL,
  out_packets INTEGER NOT NULL, out_bytes INTEGER NOT NULL, out_peak_pps REAL NOT NULL, out_normal_pps REAL NOT NULL,
  out_threshold_pps REAL NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE classes_1(time INTEGER PRIMARY KEY, counts BLOB NOT NULL);
CREATE TABLE classes_10(time INTEGER PRIMARY KEY, counts BLOB NOT NULL);
CREATE TABLE classes_60(time INTEGER PRIMARY KEY, counts BLOB NOT NULL);
CREATE TABLE class_names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE scan_minutes(
  time INTEGER NOT NULL, port INTEGER NOT NULL, protocol INTEGER NOT NULL, source TEXT NOT NULL, label TEXT NOT NULL,
  hits INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(time, port, protocol, source)) WITHOUT ROWID;
CREATE TABLE scan_hours(
  time INTEGER NOT NULL, port INTEGER NOT NULL, protocol INTEGER NOT NULL, source TEXT NOT NULL, label TEXT NOT NULL,
  hits INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(time, port, protocol, source)) WITHOUT ROWID;
CREATE INDEX scan_hours_source ON scan_hours(source, time);
CREATE TABLE scan_days(time INTEGER PRIMARY KEY, sources BLOB NOT NULL);

CREATE TABLE evidence(
  path TEXT PRIMARY KEY NOT NULL, incident_id TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, packets INTEGER NOT NULL,
  written INTEGER NOT NULL);
CREATE INDEX evidence_incident ON evidence(incident_id);
CREATE TABLE blobs(key TEXT PRIMARY KEY NOT NULL, updated INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE audit(
  sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL,
  previous TEXT NOT NULL, hash TEXT NOT NULL);
)",
    // Seconds that are some minutes old, packed by the minute (second_minutes.h).
    R"(
CREATE TABLE second_minutes(time INTEGER PRIMARY KEY, seconds BLOB NOT NULL);
)",
    // The block list: what is in it now, and what became of every network that was ever in it (networks as text: 203.0.113.0/24); SYNs by
    // minute and port that firewall rules counted.
    R"(
CREATE TABLE blocks(
  network TEXT PRIMARY KEY NOT NULL, suggested INTEGER NOT NULL, proof TEXT NOT NULL, reason TEXT NOT NULL, incident TEXT NOT NULL,
  origin TEXT NOT NULL, added INTEGER NOT NULL, expires INTEGER NOT NULL, offence INTEGER NOT NULL, hits INTEGER NOT NULL);
CREATE TABLE block_events(
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, network TEXT NOT NULL, event TEXT NOT NULL, proof TEXT NOT NULL, seconds INTEGER NOT NULL,
  reason TEXT NOT NULL, incident TEXT NOT NULL, actor TEXT NOT NULL);
CREATE INDEX block_events_network ON block_events(network, time);
CREATE INDEX block_events_time ON block_events(time);
CREATE TABLE port_counts(
  time INTEGER NOT NULL, port INTEGER NOT NULL, packets INTEGER NOT NULL, PRIMARY KEY(time, port)) WITHOUT ROWID;
)",
    // Logins that logs told, by minute for a day, by hour after it (then the time is a whole hour).
    R"(
CREATE TABLE logins(
  time INTEGER NOT NULL, service TEXT NOT NULL, source TEXT NOT NULL, failures INTEGER NOT NULL, successes INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(time, service, source)) WITHOUT ROWID;
CREATE INDEX logins_source ON logins(source, time);
CREATE INDEX logins_minutes ON logins(time) WHERE time%3600!=0;
)",
    // Days of scans that are packed from now on have an index (scan_day.h), which older programs do not understand.
    "-- no table changes",
};

}  // namespace

int newest_schema() { return static_cast<int>(kSteps.size()); }

Result<int> schema_of(Database& database) {
  const auto known = TRY(database.integer("SELECT count(*) FROM sqlite_schema WHERE type='table' AND name='schema_version'"));
  if (known) {
    const auto version = TRY(database.integer("SELECT max(version) FROM schema_version"));
    return static_cast<int>(version);
  }
  const auto others = TRY(database.integer("SELECT count(*) FROM sqlite_schema"));
  if (others)
    return Error{
        fmt::format("{} is a database of another program: set [store] path to a file of sekisho's own", escape_hostile(database.path()))};
  return 0;
}

Result<void> migrate(Database& database, std::string_view version) {
  const int found = TRY(schema_of(database));
  if (found > newest_schema())
    return Error{
        fmt::format("{} was written by a newer sekisho (schema {}, this one knows up to {}): update sekisho, or set [store] path to "
                    "another file; it was not touched",
                    escape_hostile(database.path()), found, newest_schema())};
  for (int step = found; step < newest_schema(); ++step) {
    TRY(database.execute(
        "BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS schema_version(version INTEGER PRIMARY KEY, applied INTEGER, program TEXT)"));
    const auto apply = [&]() -> Result<void> {
      TRY(database.execute(kSteps[static_cast<std::size_t>(step)]));
      auto note = TRY(database.prepare("INSERT INTO schema_version VALUES(?,?,?)"));
      TRY(note.run(step + 1, static_cast<std::int64_t>(std::time(nullptr)), version));
      return database.execute("COMMIT");
    };
    if (auto done = apply(); !done.ok()) {
      if (database.in_transaction()) static_cast<void>(database.execute("ROLLBACK"));
      return done.error();
    }
  }
  return {};
}

}  // namespace sekisho
