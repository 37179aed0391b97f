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
  return writer;
}

Result<void> BlockWriter::put(const StoredBlock& b) {
  return put_.run(b.network, b.suggested ? 1 : 0, b.proof, b.reason, b.incident, b.origin, b.added / kSecond, b.expires / kSecond,
                  std::uint64_t{b.offence}, b.hits);
}

Result<void> BlockWriter::append(const BlockEvent& e) {
  return append_.run(e.time / kSecond, e.network, e.event, e.proof, e.seconds, e.reason, e.incident, e.actor);
}

}  // namespace sekisho
