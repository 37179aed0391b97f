// Rows to structs.
#include "store/block_reader.h"

namespace sekisho {

Result<std::vector<StoredBlock>> read_blocks(Database& database) {
  std::vector<StoredBlock> list;
  auto rows = TRY(database.prepare(
      "SELECT network, suggested, proof, reason, incident, origin, added, expires, offence, hits FROM blocks ORDER BY network"));
  for (rows.start(); TRY(rows.step());)
    list.push_back({rows.text(0), rows.integer(1) != 0, rows.text(2), rows.text(3), rows.text(4), rows.text(5), rows.integer(6) * kSecond,
                    rows.integer(7) * kSecond, static_cast<std::uint32_t>(rows.integer(8)), static_cast<std::uint64_t>(rows.integer(9))});
  return list;
}

Result<std::vector<BlockEvent>> read_block_events(Database& database, const std::string& network, TimeNs since, std::size_t limit) {
  std::vector<BlockEvent> list;
  auto rows = TRY(database.prepare(
      "SELECT time, network, event, proof, seconds, reason, incident, actor FROM block_events WHERE (?1='' OR network=?1) AND time>=?2 "
      "ORDER BY id DESC LIMIT ?3"));
  for (rows.start(network, since / kSecond, std::uint64_t{limit}); TRY(rows.step());)
    list.push_back(
        {rows.integer(0) * kSecond, rows.text(1), rows.text(2), rows.text(3), rows.integer(4), rows.text(5), rows.text(6), rows.text(7)});
  return list;
}

// A hand that blocks accuses nobody of an offence, and a hand that takes out forgives those from before.
Result<std::vector<BlockOffences>> read_block_offences(Database& database, TimeNs since, std::size_t limit) {
  std::vector<BlockOffences> list;
  auto rows = TRY(database.prepare(
      "SELECT network, count(*), max(time) FROM block_events AS e WHERE event='added' AND proof<>'by hand' AND time>=? AND "
      "id>coalesce((SELECT max(id) FROM block_events AS p WHERE p.network=e.network AND p.event='removed' AND p.actor<>'agent'), 0) "
      "GROUP BY network ORDER BY max(time) DESC LIMIT ?"));
  for (rows.start(since / kSecond, std::uint64_t{limit}); TRY(rows.step());)
    list.push_back({rows.text(0), static_cast<std::uint32_t>(rows.integer(1)), rows.integer(2) * kSecond});
  return list;
}

Result<std::vector<PortCount>> read_port_counts(Database& database, TimeNs since, TimeNs until) {
  std::vector<PortCount> list;
  auto rows = TRY(database.prepare("SELECT time, port, packets FROM port_counts WHERE time>=? AND time<? ORDER BY time, port"));
  for (rows.start(since / kMinute * 60, until / kSecond + 1); TRY(rows.step());)
    list.push_back({rows.integer(0) * kSecond, static_cast<std::uint16_t>(rows.integer(1)), static_cast<std::uint64_t>(rows.integer(2))});
  return list;
}

}  // namespace sekisho
