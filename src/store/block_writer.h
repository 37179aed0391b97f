// BlockWriter: the block list and its history into the store.
#pragma once
#include "store/database.h"
#include "store/store.h"

namespace sekisho {

// Part of the writer, on its thread, within its transaction.
class BlockWriter {
 public:
  static Result<BlockWriter> open(Database& database, const Retention& retention);
  Result<void> put(const StoredBlock& block);
  Result<void> remove(const std::string& network) { return remove_.run(network); }
  Result<void> clear() { return clear_.run(); }
  Result<void> append(const BlockEvent& event);
  // Events that are too old go, a little at a time.
  Result<void> maintain(TimeNs now) { return forget_.run((now - history_) / kSecond); }

 private:
  Statement put_, remove_, clear_, append_, forget_;
  DurationNs history_ = 0;
};

}  // namespace sekisho
