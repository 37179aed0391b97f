// LoginWriter: logins that logs told, into the store: by minute for a day, by hour for longer, in bounded numbers.
#pragma once
#include <span>

#include "store/database.h"
#include "store/store.h"

namespace sekisho {

// Part of the writer, on its thread, within its transaction.
class LoginWriter {
 public:
  static Result<LoginWriter> open(Database& database, const Retention& retention);
  Result<void> add(std::span<const LoginCount> counts);
  Result<void> maintain(std::int64_t now_s);
  // The transaction was given up: what memory knows of it is no longer true.
  void rolled_back() { day_ = 0; }

 private:
  LoginWriter() = default;
  Result<bool> room_for_another(std::int64_t day);

  Statement update_, insert_, rows_of_day_, oldest_, roll_up_, remove_rolled_, forget_;
  std::int64_t detail_s_ = 0, history_s_ = 0;
  std::uint64_t rows_a_day_ = 0;
  std::int64_t day_ = 0;    // since 1970
  std::uint64_t rows_ = 0;  // of that day so far
};

}  // namespace sekisho
