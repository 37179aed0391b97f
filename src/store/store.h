// The store: incidents, traffic history, scan hits, the evidence index, blobs and the audit log, kept on disk. This header is the door.
//
// One writer, many readers. A StoreWriter belongs to one thread of one process, which holds the store's lock; a StoreReader belongs to one
// thread of any process (make one for each thread: opening takes well under a millisecond). Readers never block the writer and see
// everything that was committed before their call. Readers work with the agent stopped.
//
// Errors are sentences that name the file. After an error of a write the batch since the last commit() is gone, what was committed stays;
// the caller keeps what must not be lost and writes it again later.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/address.h"
#include "model/labels.h"
#include "model/traffic_second.h"

namespace sekisho {

// An incident as it was last told. `json` is exactly the object of docs/incident.md, ready to be handed on.
struct StoredIncident {
  std::string id;  // ULID
  std::string kind, direction, label, subject;
  Severity severity = Severity::info;
  int confidence = 0;  // 0-100
  TimeNs started = 0, detected = 0, updated = 0;
  std::optional<TimeNs> ended;  // empty while open
  double peak_pps = 0, peak_bps = 0;
  std::uint64_t packets = 0, bytes = 0;
  std::string json;
  std::string state;  // further facts in JSON, for text reports and for the agent's next start; readers of the contract leave it alone
};

// One line of an incident's timeline.
struct TimelineEntry {
  TimeNs time = 0;
  std::string what;  // "opened" "worse" "changed" "closed" "reopened" "resumed" (after a restart of the agent) "past" (from a log's past)
  Severity severity = Severity::info;
  std::string label;
  int confidence = 0;
  double peak_pps = 0;
};

// Hits of one source on one local port. As written: what is new since the last call.
struct ScanHit {
  Address source;
  std::uint8_t protocol = 6;  // IP protocol number
  std::uint16_t port = 0;     // local port; 0 = not known
  std::string_view label;     // a scan's label of docs/labels.md, or "" while nothing tells them apart
  std::uint64_t hits = 0;     // contacts that were refused, unanswered or carry a scanner's mark
  TimeNs first = 0, last = 0;
};

// Logins of one source at one service, as logs told them. As written: what is new since the last call.
struct LoginCount {
  Network source;            // an IPv4 address, or an IPv6 /64
  std::string_view service;  // "ssh", "telnet", "web"
  std::uint64_t failures = 0, successes = 0;
  TimeNs first = 0, last = 0;
};

struct EvidenceRecord {
  std::string incident_id, path, sha256;  // lower-case hex; empty while the file is being written
  std::uint64_t bytes = 0, packets = 0;
  TimeNs written = 0;
};

struct AuditEntry {
  std::uint64_t sequence = 0;  // 1, 2, 3 …; set by the store
  TimeNs time = 0;
  std::string actor, action, detail;  // who ("uid 0", "web:token-name"), what ("block.add"), on what (free text or JSON)
  std::string previous, hash;         // SHA-256 in hex, see audit_hash(); set by the store
};
// SHA-256 over previous, sequence, time, actor, action and detail, each followed by its length, so that no two entries read alike.
std::string audit_hash(const AuditEntry& entry);

// An entry of the block list, in force or only suggested.
struct StoredBlock {
  std::string network;  // "203.0.113.7", "203.0.113.0/24"
  bool suggested = false;
  std::string proof, reason, incident, origin;
  TimeNs added = 0, expires = 0;
  std::uint32_t offence = 1;
  std::uint64_t hits = 0;
};
// What became of a network, for the history of its offences.
struct BlockEvent {
  TimeNs time = 0;
  std::string network, event;  // "added" "suggested" "removed" "expired" "evicted" "replaced"
  std::string proof;
  std::int64_t seconds = 0;  // added, suggested: for how long
  std::string reason, incident, actor;
};
// How often a network was blocked.
struct BlockOffences {
  std::string network;
  std::uint32_t count = 0;
  TimeNs last = 0;
};

// SYNs that a firewall's rules counted on a port in a minute.
struct PortCount {
  TimeNs time = 0;  // the minute's start
  std::uint16_t port = 0;
  std::uint64_t packets = 0;
};

// How long things are kept. Whatever is older goes, a little at a time.
struct Retention {
  DurationNs second_detail = 24 * 3600 * kSecond;          // one row a second
  DurationNs ten_second_detail = 7 * 24 * 3600 * kSecond;  // one row each 10 s
  DurationNs history = 400LL * 24 * 3600 * kSecond;        // one row a minute; scan hits by hour; closed incidents
  DurationNs scan_detail = 24 * 3600 * kSecond;            // scan hits by minute
  std::uint64_t scan_rows_a_day = 100'000;                 // further sources of a day are added up in one row per port, source "::"
};

class StoreWriter {
 public:
  virtual ~StoreWriter() = default;

  // Everything below joins one batch; commit() makes it durable (it has reached the disk when commit() returns).
  virtual Result<void> put_incident(const StoredIncident& incident, const std::optional<TimelineEntry>& change) = 0;
  // Adds to the second if it is there already (a restart within it).
  virtual Result<void> append_second(const TrafficSecond& second) = 0;
  virtual Result<void> add_scan_hits(std::span<const ScanHit> hits) = 0;
  virtual Result<void> add_logins(std::span<const LoginCount> counts) = 0;
  virtual Result<void> put_evidence(const EvidenceRecord& record) = 0;
  virtual Result<void> remove_evidence(const std::string& path) = 0;
  virtual Result<void> put_blob(const std::string& key, TimeNs now, std::span<const std::uint8_t> bytes) = 0;
  virtual Result<AuditEntry> append_audit(AuditEntry entry) = 0;
  virtual Result<void> put_block(const StoredBlock& block) = 0;
  virtual Result<void> remove_block(const std::string& network) = 0;
  virtual Result<void> clear_blocks() = 0;
  virtual Result<void> append_block_event(const BlockEvent& event) = 0;
  // New packets by port, added to the minute of `now`.
  virtual Result<void> add_port_counts(TimeNs now, std::span<const std::pair<std::uint16_t, std::uint64_t>> counts) = 0;
  virtual Result<void> commit() = 0;

  // Rolls up and removes what is too old; a bounded amount of work a call, within the batch. Call it about once a minute.
  virtual Result<void> maintain(TimeNs now) = 0;
};

struct IncidentFilter {
  std::optional<TimeNs> since, until;  // that were going on at some time in between
  std::optional<std::string> kind, direction, label, subject;
  Severity at_least = Severity::info;
  bool open_only = false;
  std::optional<std::string> contains;  // in the incident's JSON, without regard to case: an address, a label, a word
  std::optional<std::string> before;    // ids that are older than this one: the next page
  std::size_t limit = 1000;
};

// A slice of the traffic history.
struct TrafficPoint {
  TimeNs time = 0;
  std::uint32_t seconds = 0;  // of the slice that were recorded; 0 is not listed
  struct Side {
    std::uint64_t packets = 0, bytes = 0;
    double peak_pps = 0;                       // the largest second within the slice
    double normal_pps = 0, threshold_pps = 0;  // at the end of the slice; 0 = not known
  };
  std::array<Side, 2> sides{};  // by Direction
  std::uint64_t dropped = 0;
};
struct TrafficSeries {
  DurationNs step = kSecond;         // length of each slice
  std::vector<TrafficPoint> points;  // in order of time; slices without a record are left out
};
// The composition: one row for each slice, direction and class that had packets.
struct ClassPoint {
  TimeNs time = 0;
  Direction direction = Direction::ingress;
  std::string traffic_class;  // to_string(TrafficClass)
  std::uint64_t packets = 0, bytes = 0;
};

struct ScanFilter {
  TimeNs since = 0, until = 0;
  std::optional<std::uint16_t> port;
  std::optional<std::string> label;
  std::optional<Address> source;
  std::size_t limit = 20;
};
struct ScannerRow {
  Address source;  // "::" stands for the sources that had no row of their own any more
  std::uint64_t hits = 0;
  std::uint32_t ports = 0;               // distinct local ports
  std::vector<std::uint16_t> top_ports;  // most hits first, at most 5
  std::string label;
  TimeNs first = 0, last = 0;
};
struct ScanPortRow {
  std::uint16_t port = 0;
  std::uint8_t protocol = 6;
  std::uint64_t hits = 0, sources = 0;
};
struct ScanSummary {
  std::uint64_t hits = 0, sources = 0;
  std::vector<ScannerRow> scanners;  // most hits first
  std::vector<ScanPortRow> ports;    // most hits first
};

// Probes of an hour, all sources and ports together.
struct ScanHour {
  TimeNs time = 0;  // its start
  std::uint64_t hits = 0, sources = 0;
};

// Which part of the history is read row by row.
struct HistoryRange {
  TimeNs since = 0, until = 0;
  std::optional<Address> source;     // of this one alone
  bool by_hour = false;              // rows of an hour at most; else days that are long over may come as one row a source and port
  std::vector<std::uint16_t> ports;  // scans: of these alone; empty: of all
  std::optional<Network> within;     // scans in parts: of these sources alone
};
// One row of the scan hits. `label` is valid during the call.
struct ScanRow {
  TimeNs time = 0;  // start of its minute, hour or day
  Address source;   // "::" stands for the sources that had no row of their own any more
  std::uint8_t protocol = 6;
  std::uint16_t port = 0;
  std::string_view label;
  std::uint64_t hits = 0;
  TimeNs first = 0, last = 0;
};
// Scan hits in parts: no source is in two of them, nor is a /24 (IPv6: /64), "::" excepted, which is in the first. Holds what it read.
class ScanParts {
 public:
  virtual ~ScanParts() = default;
  virtual std::size_t size() const = 0;
  // The rows of a part, in no order that is promised. Any thread.
  virtual void each(std::size_t part, const std::function<void(const ScanRow&)>& row) const = 0;
  // The same, source by source: rows that differ in port, protocol and hits alone. The span is valid during the call.
  virtual void each_source(std::size_t part, const std::function<void(std::span<const ScanRow>)>& rows) const = 0;
};
// One row of the logins. `service` is valid during the call.
struct LoginRow {
  TimeNs time = 0;  // start of its minute or hour
  Network source;
  std::string_view service;
  std::uint64_t failures = 0, successes = 0;
  TimeNs first = 0, last = 0;
};

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;  // blobs are texts of any bytes
struct SqlLimits {
  std::size_t rows = 10'000;
  DurationNs time = 10 * kSecond;
};
struct SqlAnswer {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  bool cut = false;  // there were more rows
};

struct StoreFacts {
  std::string path;
  std::uint64_t bytes = 0;  // on disk, with its log
  int schema = 0;
  std::uint64_t incidents = 0, open_incidents = 0;
  std::optional<TimeNs> first_second, last_second;
  std::uint64_t evidence_files = 0, evidence_bytes = 0;
  std::uint64_t audit_entries = 0;  // also the sequence number of the newest
};

class StoreReader {
 public:
  virtual ~StoreReader() = default;
  // Newest first.
  virtual Result<std::vector<StoredIncident>> incidents(const IncidentFilter& filter) = 0;
  // By ULID, its short form (i-20261122-7K3F), or the end of an id; the newest when several match. Empty: there is none.
  virtual Result<std::optional<StoredIncident>> incident(const std::string& id) = 0;
  virtual Result<std::vector<TimelineEntry>> timeline(const std::string& id) = 0;
  // The finest history that reaches back to `since` and is not finer than `step` (0: the finest). The series says which it is.
  virtual Result<TrafficSeries> traffic(TimeNs since, TimeNs until, DurationNs step) = 0;
  virtual Result<std::vector<ClassPoint>> classes(TimeNs since, TimeNs until, DurationNs step) = 0;
  virtual Result<ScanSummary> scanners(const ScanFilter& filter) = 0;
  virtual Result<std::vector<ScanHour>> scan_hours(const ScanFilter& filter) = 0;  // in order of time; hours without probes are left out
  // Each row, in no order that is promised.
  virtual Result<void> each_scan(const HistoryRange& range, const std::function<void(const ScanRow&)>& row) = 0;
  // The same rows (`range` without a source), for several threads.
  virtual Result<std::unique_ptr<ScanParts>> scan_parts(const HistoryRange& range) = 0;
  virtual Result<void> each_login(const HistoryRange& range, const std::function<void(const LoginRow&)>& row) = 0;
  // One statement that only reads; anything else is refused.
  virtual Result<SqlAnswer> sql(const std::string& statement, const SqlLimits& limits) = 0;
  virtual Result<std::vector<EvidenceRecord>> evidence(const std::string& incident_id) = 0;  // empty id: all, oldest first
  virtual Result<std::optional<std::vector<std::uint8_t>>> blob(const std::string& key) = 0;
  virtual Result<std::vector<AuditEntry>> audit(std::uint64_t after, std::size_t limit) = 0;
  // The whole block list as it was last committed, by network.
  virtual Result<std::vector<StoredBlock>> blocks() = 0;
  // Newest first; of one network when it is not empty.
  virtual Result<std::vector<BlockEvent>> block_events(const std::string& network, TimeNs since, std::size_t limit) = 0;
  // Networks that were blocked since then, the latest offenders when there are more than `limit`.
  virtual Result<std::vector<BlockOffences>> block_offences(TimeNs since, std::size_t limit) = 0;
  // In order of time and port.
  virtual Result<std::vector<PortCount>> port_counts(TimeNs since, TimeNs until) = 0;
  virtual Result<StoreFacts> facts() = 0;
  // Reads the whole file; an error names the damage.
  virtual Result<void> check() = 0;
};

// Makes the file (0640) and its folder when they are missing, takes the lock `path`.lock, migrates. Errors: locked by another agent, no
// permission, damaged, or written by a newer version (it is not touched then). `version` is noted beside a migration.
Result<std::unique_ptr<StoreWriter>> open_store_writer(const std::string& path, const Retention& retention, std::string_view version);
// The file must exist.
Result<std::unique_ptr<StoreReader>> open_store_reader(const std::string& path);

}  // namespace sekisho
