// Columns, as differences.
#include "store/second_minutes.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "store/leb128.h"

namespace sekisho {
namespace {

constexpr unsigned kColumns = 9, kSecondsInMinute = 60;
constexpr double kRateSteps = 100, kMostRate = 1e15;

std::uint64_t zigzag(std::int64_t n) { return static_cast<std::uint64_t>(n) << 1 ^ static_cast<std::uint64_t>(n >> 63); }
std::int64_t back(std::uint64_t n) { return static_cast<std::int64_t>(n >> 1 ^ (~(n & 1) + 1)); }

std::int64_t hundredths(double rate) {
  return std::isfinite(rate) ? std::llround(std::clamp(rate, -kMostRate, kMostRate) * kRateSteps) : 0;
}

std::int64_t value_of(const TrafficPoint& p, unsigned column) {
  if (column == kColumns - 1) return static_cast<std::int64_t>(p.dropped);
  const auto& side = p.sides[column / 4];
  switch (column % 4) {
    case 0: return static_cast<std::int64_t>(side.packets);
    case 1: return static_cast<std::int64_t>(side.bytes);
    case 2: return hundredths(side.normal_pps);
    default: return hundredths(side.threshold_pps);
  }
}

void set_value(TrafficPoint& p, unsigned column, std::int64_t value) {
  if (column == kColumns - 1) {
    p.dropped = static_cast<std::uint64_t>(value);
    return;
  }
  auto& side = p.sides[column / 4];
  switch (column % 4) {
    case 0: side.packets = static_cast<std::uint64_t>(value), side.peak_pps = static_cast<double>(value); break;
    case 1: side.bytes = static_cast<std::uint64_t>(value); break;
    case 2: side.normal_pps = static_cast<double>(value) / kRateSteps; break;
    default: side.threshold_pps = static_cast<double>(value) / kRateSteps;
  }
}

}  // namespace

std::vector<std::uint8_t> pack_minute(std::int64_t minute_s, std::span<const TrafficPoint> seconds) {
  std::uint64_t there = 0;
  for (const auto& p : seconds) there |= std::uint64_t{1} << ((p.time / kSecond - minute_s) & 63);
  std::vector<std::uint8_t> out;
  put_number(out, there);
  for (unsigned column = 0; column < kColumns; ++column) {
    std::int64_t last = 0;
    for (const auto& p : seconds) {
      const auto value = value_of(p, column);
      put_number(out, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(last))));
      last = value;
    }
  }
  return out;
}

bool unpack_minute(std::int64_t minute_s, std::span<const std::uint8_t> bytes, std::vector<TrafficPoint>& into) {
  std::uint64_t there = 0, number = 0;
  if (!take_number(bytes, there) || there >> kSecondsInMinute) return false;
  const auto before = into.size();
  for (unsigned second = 0; second < kSecondsInMinute; ++second)
    if (there >> second & 1) into.push_back({(minute_s + second) * kSecond, 1, {}, 0});
  for (unsigned column = 0; column < kColumns; ++column) {
    std::int64_t value = 0;
    for (auto i = before; i < into.size(); ++i) {
      if (!take_number(bytes, number)) {
        into.resize(before);
        return false;
      }
      value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(back(number)));
      set_value(into[i], column, value);
    }
  }
  return true;
}

}  // namespace sekisho
