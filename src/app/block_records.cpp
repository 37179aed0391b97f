// From entries to rows and back.
#include "app/block_records.h"

#include <cstdint>

namespace sekisho {

StoredBlock stored_block(const BlockEntry& e) {
  return {to_string(e.network),
          e.suggested,
          std::string{to_string(e.proof)},
          e.reason,
          e.incident,
          e.origin,
          e.added,
          e.expires,
          e.offence,
          e.hits};
}

BlockEntry entry_of(const StoredBlock& b, bool& ok) {
  BlockEntry e;
  const auto network = parse_network(b.network);
  const auto proof = parse_proof(b.proof);
  ok = network && proof && b.expires > b.added;
  if (!ok) return e;
  e.network = *network, e.proof = *proof, e.suggested = b.suggested;
  e.reason = b.reason, e.incident = b.incident, e.origin = b.origin;
  e.added = b.added, e.expires = b.expires, e.offence = b.offence, e.hits = b.hits;
  return e;
}

BlockEvent block_event(const BlockEntry& e, std::string_view event, const std::string& actor, TimeNs now) {
  return {now,
          to_string(e.network),
          std::string{event},
          std::string{to_string(e.proof)},
          (e.expires - e.added) / kSecond,
          e.reason,
          e.incident,
          actor};
}

bool is_empty(const BlockBatch& batch) {
  return !batch.clear && batch.removed.empty() && batch.put.empty() && batch.events.empty() && batch.audit.empty() && batch.flags.empty();
}

Result<void> write_batch(const BlockBatch& batch, StoreWriter& w, TimeNs now) {
  if (batch.clear) TRY(w.clear_blocks());
  for (const auto& network : batch.removed) TRY(w.remove_block(network));
  for (const auto& block : batch.put) TRY(w.put_block(block));
  for (const auto& event : batch.events) TRY(w.append_block_event(event));
  for (const auto& entry : batch.audit) TRY(w.append_audit(entry));
  for (const auto& [key, value] : batch.flags) {
    const std::uint8_t byte = value ? 1 : 0;
    TRY(w.put_blob(key, now, {&byte, 1}));
  }
  return {};
}

}  // namespace sekisho
