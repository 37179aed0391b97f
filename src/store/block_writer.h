// BlockWriter: the block list, its history and the counts of firewall rules into the store.
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
  Result<void> add_port_counts(TimeNs now, std::span<const std::pair<std::uint16_t, std::uint64_t>> counts);
  // What is too old goes, a little at a time.
  Result<void> maintain(TimeNs now);

 private:
  Statement put_, remove_, clear_, append_, forget_, add_count_, forget_counts_;
  DurationNs history_ = 0;
};

}  // namespace sekisho
