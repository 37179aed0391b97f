// One row a network, one row an event.
#include "store/block_writer.h"

namespace sekisho {

Result<BlockWriter> BlockWriter::open(Database& database, const Retention& retention) {
  BlockWriter writer;
  writer.history_ = retention.history;
  writer.put_ = TRY(database.prepare("INSERT OR REPLACE INTO blocks VALUES(?,?,?,?,?,?,?,?,?,?)"));
  writer.remove_ = TRY(database.prepare("DELETE FROM blocks WHERE network=?"));
  writer.clear_ = TRY(database.prepare("DELETE FROM blocks"));
  writer.append_ = TRY(database.prepare("INSERT INTO block_events VALUES(NULL,?,?,?,?,?,?,?,?)"));
  writer.forget_ = TRY(database.prepare("DELETE FROM block_events WHERE id IN (SELECT id FROM block_events WHERE time<? LIMIT 10000)"));
  writer.add_count_ =
      TRY(database.prepare("INSERT INTO port_counts VALUES(?,?,?) ON CONFLICT(time, port) DO UPDATE SET packets=packets+excluded.packets"));
  writer.forget_counts_ = TRY(database.prepare("DELETE FROM port_counts WHERE time<?"));
  return writer;
}

Result<void> BlockWriter::maintain(TimeNs now) {
  TRY(forget_.run((now - history_) / kSecond));
  return forget_counts_.run((now - history_) / kSecond);
}

Result<void> BlockWriter::add_port_counts(TimeNs now, std::span<const std::pair<std::uint16_t, std::uint64_t>> counts) {
  for (const auto& [port, packets] : counts) TRY(add_count_.run(now / kMinute * 60, int{port}, packets));
  return {};
}

Result<void> BlockWriter::put(const StoredBlock& b) {
  return put_.run(b.network, b.suggested ? 1 : 0, b.proof, b.reason, b.incident, b.origin, b.added / kSecond, b.expires / kSecond,
                  std::uint64_t{b.offence}, b.hits);
}

Result<void> BlockWriter::append(const BlockEvent& e) {
  return append_.run(e.time / kSecond, e.network, e.event, e.proof, e.seconds, e.reason, e.incident, e.actor);
}

}  // namespace sekisho
