// The block list as the store keeps it: entries, what became of them, and all that one change writes.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "response/block_book.h"
#include "store/store.h"

namespace sekisho {

StoredBlock stored_block(const BlockEntry& entry);
// ok: the row can be read and its end lies behind its beginning.
BlockEntry entry_of(const StoredBlock& block, bool& ok);
// `event`: "added", "removed", "expired" …; `actor`: who asked for it.
BlockEvent block_event(const BlockEntry& entry, std::string_view event, const std::string& actor, TimeNs now);

// What one call changes in the store, as one job.
struct BlockBatch {
  bool clear = false;
  std::vector<std::string> removed;
  std::vector<StoredBlock> put;
  std::vector<BlockEvent> events;
  std::vector<AuditEntry> audit;
  std::vector<std::pair<std::string, bool>> flags;
};
bool is_empty(const BlockBatch& batch);
Result<void> write_batch(const BlockBatch& batch, StoreWriter& w, TimeNs now);

}  // namespace sekisho
