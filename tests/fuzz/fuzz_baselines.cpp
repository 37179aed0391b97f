// Fuzz target: saved baselines, with a checksum that holds so that the contents are reached; what is read must be usable and save again.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "features/baseline_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  (void)BaselineCodec::decode({data, size});
  if (size < 8) return 0;
  std::vector<std::uint8_t> bytes(data, data + size);
  const char magic[] = {'S', 'K', 'B', 'L', BaselineCodec::kVersion, 0, 0, 0};
  std::copy(std::begin(magic), std::end(magic), bytes.begin());
  const auto sum = BaselineCodec::checksum(bytes);
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(sum >> (8 * i)));
  auto read = BaselineCodec::decode(bytes);
  if (!read.ok()) return 0;
  const TimeNs now = 1'735'516'800 * kSecond;
  std::vector<RowToSave> rows;
  AnchorBudget budget{0};
  for (auto& row : read->rows) {
    row.baseline.resume(now - read->saved_at, now, now / (3600 * kSecond));
    ClassCounts counts{};
    counts[index_of(TrafficClass::tcp_data)].packets = 1000;
    for (int i = 0; i < 3; ++i) row.baseline.learn({now + i * kSecond, now / (3600 * kSecond), row.direction, counts, Facts{}, &counts}, &budget);
    Second s;
    row.baseline.fill(s);
    for (const float ceiling : s.ceiling)
      if (!(ceiling >= 0 && ceiling < 1e12f)) __builtin_trap();
    rows.push_back({row.direction, row.all, row.v6, row.address, row.baseline});
  }
  const auto again = BaselineCodec::encode(now, now, rows);
  if (!BaselineCodec::decode(again).ok()) __builtin_trap();
  return 0;
}
