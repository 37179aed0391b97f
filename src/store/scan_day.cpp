// Both ways.
#include "store/scan_day.h"

#include <algorithm>
#include <array>

#include "store/leb128.h"

namespace sekisho {
namespace {

// No day of before begins so: it would have more than a hundred labels.
constexpr std::array<std::uint8_t, 2> kMarker{255, 2};
constexpr std::size_t kIndexEvery = 32, kIndexEntry = 20;

void put_big_endian(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t take_big_endian(std::span<const std::uint8_t>& from, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value = value << 8 | from[i];
  from = from.subspan(bytes);
  return value;
}

}  // namespace

std::vector<std::uint8_t> pack_scan_day(std::vector<ScanDaySource> sources) {
  std::stable_sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) { return a.source < b.source; });
  std::vector<std::string_view> labels;
  for (const auto& s : sources)
    if (!s.label.empty() && std::find(labels.begin(), labels.end(), s.label) == labels.end()) labels.push_back(s.label);
  std::vector<std::uint8_t> index, out;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto& s = sources[i];
    if (i % kIndexEvery == 0) {
      put_big_endian(index, s.source.high, 8), put_big_endian(index, s.source.low, 8);
      put_big_endian(index, out.size(), 4);
    }
    if (is_v4(s.source)) {
      out.push_back(4);
      put_big_endian(out, v4_value(s.source), 4);
    } else {
      out.push_back(6);
      put_big_endian(out, s.source.high, 8), put_big_endian(out, s.source.low, 8);
    }
    put_number(out,
               s.label.empty() ? 0 : static_cast<std::uint64_t>(std::find(labels.begin(), labels.end(), s.label) - labels.begin()) + 1);
    put_number(out, s.first_s), put_number(out, s.last_s);
    put_number(out, s.ports.size());
    for (const auto& port : s.ports) put_number(out, port.key), put_number(out, port.hits);
  }
  std::vector<std::uint8_t> whole{kMarker[0], kMarker[1]};
  put_number(whole, index.size());
  whole.insert(whole.end(), index.begin(), index.end());
  put_number(whole, labels.size());
  for (const auto& label : labels) put_number(whole, label.size()), whole.insert(whole.end(), label.begin(), label.end());
  whole.insert(whole.end(), out.begin(), out.end());
  return whole;
}

ScanDayReader::ScanDayReader(std::span<const std::uint8_t> bytes) : left_(bytes) {
  std::uint64_t count = 0, size = 0;
  // Bytes that are not understood: there is nothing to read.
  const auto damaged = [&] { left_ = index_ = sources_ = std::span<const std::uint8_t>{}; };
  if (left_.size() >= kMarker.size() && std::equal(kMarker.begin(), kMarker.end(), left_.begin())) {
    left_ = left_.subspan(kMarker.size());
    if (!take_number(left_, size) || size > left_.size() || size % kIndexEntry != 0) {
      damaged();
      return;
    }
    index_ = left_.first(size);
    left_ = left_.subspan(size);
  }
  if (!take_number(left_, count)) {
    damaged();
    return;
  }
  for (; count > 0; --count) {
    if (!take_number(left_, size) || size > left_.size()) {
      damaged();
      return;
    }
    labels_.emplace_back(reinterpret_cast<const char*>(left_.data()), size);
    left_ = left_.subspan(size);
  }
  sources_ = left_;
}

Address ScanDayReader::sample(std::size_t number) const {
  auto entry = index_.subspan(number * kIndexEntry, kIndexEntry);
  Address address;
  address.high = take_big_endian(entry, 8);
  address.low = take_big_endian(entry, 8);
  return address;
}

std::vector<Address> ScanDayReader::samples() const {
  std::vector<Address> list;
  for (std::size_t i = 0; i < index_.size() / kIndexEntry; ++i) list.push_back(sample(i));
  return list;
}

void ScanDayReader::seek(const Address& from) {
  // The last entry at or below it.
  std::size_t low = 0, high = index_.size() / kIndexEntry;
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    (from < sample(middle) ? high : low) = middle;
  }
  left_ = sources_;
  if (high == 0) return;
  auto entry = index_.subspan(low * kIndexEntry + 16, 4);
  const auto offset = take_big_endian(entry, 4);
  left_ = offset <= sources_.size() ? sources_.subspan(offset) : std::span<const std::uint8_t>{};
}

bool ScanDayReader::next(ScanDaySource& into) {
  if (left_.empty()) return false;
  const auto family = left_.front();
  left_ = left_.subspan(1);
  if ((family != 4 && family != 6) || left_.size() < (family == 4 ? 4U : 16U)) return left_ = {}, false;
  if (family == 4) {
    into.source = address_from_v4(static_cast<std::uint32_t>(take_big_endian(left_, 4)));
  } else {
    into.source.high = take_big_endian(left_, 8);
    into.source.low = take_big_endian(left_, 8);
  }
  std::uint64_t label = 0, first = 0, last = 0, ports = 0;
  if (!take_number(left_, label) || !take_number(left_, first) || !take_number(left_, last) || !take_number(left_, ports) ||
      label >= labels_.size())
    return left_ = {}, false;
  into.label = labels_[label];
  into.first_s = static_cast<std::uint32_t>(first), into.last_s = static_cast<std::uint32_t>(last);
  into.ports.clear();
  for (std::uint64_t key = 0, hits = 0; ports > 0; --ports) {
    if (!take_number(left_, key) || !take_number(left_, hits) || key >= kScanPortKeys) return left_ = {}, false;
    into.ports.push_back({static_cast<std::uint32_t>(key), hits});
  }
  return true;
}

}  // namespace sekisho
