// BaselineCodec: all that was learned, as bytes for the store and back, so that a restart is not blind.
//
// Format, little-endian: "SKBL", u16 version, u16 zero; i64 time of saving (ns, the data's own clock); the names of the traffic classes
// (u8 count; u8 length and text each), so that a program with other classes reads it; u32 rows; for each row u8 flags (1 egress, 2 all hosts,
// 4 IPv6), 16 bytes of address, u32 learned seconds, i64 frozen ns left, u8 classes; for each class u8 name, the short memory, u8 anchor (0, 1)
// and the anchor; at the end u64 FNV-1a of everything before. A histogram is u8 count and (u8 bucket, u16 samples) each, buckets rising.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "features/row_baseline.h"

namespace sekisho {

struct SavedRow {
  Direction direction = Direction::ingress;
  bool all = false, v6 = false;
  Address address;  // unset when `all`
  RowBaseline baseline;
};
struct SavedBaselines {
  TimeNs saved_at = 0;
  std::vector<SavedRow> rows;
};
struct RowToSave {
  Direction direction = Direction::ingress;
  bool all = false, v6 = false;
  Address address;
  const RowBaseline& baseline;
};

class BaselineCodec {
 public:
  static constexpr std::uint16_t kVersion = 1;
  static constexpr std::size_t kMaxRows = 1024, kMaxAnchors = 2048, kMaxBytes = 16 << 20;
  // `now`: the time that frozen rows count by; `saved_at` is before 2116 and after 1970.
  static std::vector<std::uint8_t> encode(TimeNs saved_at, TimeNs now, std::span<const RowToSave> rows);
  // All or nothing. Classes that this program does not know are left out.
  static Result<SavedBaselines> decode(std::span<const std::uint8_t> bytes);
  static std::uint64_t checksum(std::span<const std::uint8_t> bytes);  // for fuzzing
};

}  // namespace sekisho
