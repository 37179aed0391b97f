// Keys as bytes in one piece, sums beside each other: what is read a million times lies together.
#include "app/query_groups.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace sekisho {
namespace {

void add_bytes(std::string& key, std::uint64_t n) { key.append(reinterpret_cast<const char*>(&n), sizeof n); }

std::uint64_t take_bytes(std::string_view& key) {
  std::uint64_t n = 0;
  std::memcpy(&n, key.data(), sizeof n);
  key.remove_prefix(sizeof n);
  return n;
}

void add_key(std::string& key, FieldType type, const QueryCell& cell) {
  if (type == FieldType::text)
    add_bytes(key, cell.text.size()), key += cell.text;
  else if (type == FieldType::network)
    add_bytes(key, cell.network.base.high), add_bytes(key, cell.network.base.low), key += static_cast<char>(cell.network.prefix_bits);
  else
    add_bytes(key, static_cast<std::uint64_t>(cell.number));
}

QueryCell take_key(std::string_view& key, FieldType type) {
  QueryCell cell;
  if (type == FieldType::text) {
    const auto size = take_bytes(key);
    cell.text = key.substr(0, size);
    key.remove_prefix(size);
  } else if (type == FieldType::network) {
    cell.network.base.high = take_bytes(key), cell.network.base.low = take_bytes(key);
    cell.network.prefix_bits = static_cast<std::uint8_t>(key.front());
    key.remove_prefix(1);
  } else {
    cell.number = static_cast<std::int64_t>(take_bytes(key));
  }
  return cell;
}

template <class T>
void add_up(FieldUse use, T& sum, T value) {
  switch (use) {
    case FieldUse::sum: sum += value; break;
    case FieldUse::largest:
    case FieldUse::latest: sum = std::max(sum, value); break;
    case FieldUse::earliest: sum = sum != 0 ? std::min(sum, value) : value; break;
    case FieldUse::key: break;
  }
}

}  // namespace

QueryGroups::QueryGroups(std::span<const QueryField> fields, std::span<const std::size_t> group, DurationNs over,
                         std::optional<std::size_t> source)
    : fields_(fields), group_(group), over_(over), source_(source), place_(fields.size()) {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].use != FieldUse::key) place_[i] = summed_.size(), summed_.push_back(i);
  if (source_) pairs_.resize(4096);
  if (group.size() == 1 && !over && fields[group[0]].most > 0 && fields[group[0]].most < 1 << 20)
    direct_.resize(static_cast<std::size_t>(fields[group[0]].most) + 1);
  for (const auto field : group) by_source_ |= fields[field].name == "source" || fields[field].name == "network";
}

std::uint64_t QueryGroups::hash_of(std::string_view key) const {
  std::uint64_t h = key.size();
  for (; key.size() >= 8; key.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data(), 8);
    h = fold_multiply(h ^ word, 0x9e3779b97f4a7c15ULL);
  }
  std::uint64_t word = 0;
  if (!key.empty()) std::memcpy(&word, key.data(), key.size());
  return fold_multiply(h ^ word, 0xd1342543de82ef95ULL);
}

std::string_view QueryGroups::key(std::size_t number) const {
  const std::size_t end = number + 1 < key_at_.size() ? key_at_[number + 1] : keys_.size();
  return std::string_view{keys_}.substr(key_at_[number], end - key_at_[number]);
}

void QueryGroups::grow() {
  slots_.assign(slots_.size() * 2, Slot{});
  for (std::size_t number = part_begins_; number < key_at_.size(); ++number) {
    const auto hash = hash_of(key(number));
    auto at = hash & (slots_.size() - 1);
    while (slots_[at].group) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(number + 1)};
  }
}

void QueryGroups::add_sums(QueryRow row, std::size_t number) {
  for (std::size_t i = 0; i < summed_.size(); ++i) {
    const auto& field = fields_[summed_[i]];
    auto& sum = sums_[number * summed_.size() + i];
    if (field.type == FieldType::real)
      add_up(field.use, sum.real, row[summed_[i]].real);
    else
      add_up(field.use, sum.number, row[summed_[i]].number);
  }
}

// The group of now_, with the row added to it, a new one beginning with the row's values; kMost: there is no room for it.
std::size_t QueryGroups::find(QueryRow row) {
  if (last_ != kMost && key(last_) == now_) {
    add_sums(row, last_);
    return last_;
  }
  const auto hash = hash_of(now_);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  auto at = hash & (slots_.size() - 1);
  for (; slots_[at].group; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].tag == tag && key(slots_[at].group - 1) == now_) {
      last_ = slots_[at].group - 1;
      add_sums(row, last_);
      return last_;
    }
  if (key_at_.size() >= kMost || keys_.size() + now_.size() > UINT32_MAX) return kMost;
  last_ = key_at_.size();
  slots_[at] = {tag, static_cast<std::uint32_t>(last_ + 1)};
  key_at_.push_back(static_cast<std::uint32_t>(keys_.size()));
  keys_ += now_;
  for (const auto i : summed_) {
    Sum sum{};
    if (fields_[i].type == FieldType::real)
      sum.real = row[i].real;
    else
      sum.number = row[i].number;
    sums_.push_back(sum);
  }
  if (source_) source_counts_.push_back(0);
  if ((key_at_.size() - part_begins_) * 2 > slots_.size()) grow();
  return last_;
}

void QueryGroups::next_part() {
  last_ = kMost;
  last_key_.clear();
  if (by_source_) {
    part_begins_ = key_at_.size();
    std::fill(slots_.begin(), slots_.end(), Slot{});
  }
  std::fill(pairs_.begin(), pairs_.end(), 0);
  pair_count_ = 0;
}

bool QueryGroups::absorb(const QueryGroups& other) {
  if (by_source_) {  // none of them is here yet
    if (size() + other.size() > kMost || keys_.size() + other.keys_.size() > UINT32_MAX) return false;
    for (const auto at : other.key_at_) key_at_.push_back(at + static_cast<std::uint32_t>(keys_.size()));
    keys_ += other.keys_;
    sums_.insert(sums_.end(), other.sums_.begin(), other.sums_.end());
    source_counts_.insert(source_counts_.end(), other.source_counts_.begin(), other.source_counts_.end());
    return true;
  }
  std::vector<QueryCell> row(fields_.size());
  for (std::size_t i = 0; i < other.size(); ++i) {
    for (const auto field : summed_) row[field] = other.cell(i, field);
    now_ = other.key(i);
    const auto number = find(row);
    if (number == kMost) return false;
    if (source_) source_counts_[number] += other.source_counts_[i];
  }
  return true;
}

// Rows of a source and a day come one after the other.
bool QueryGroups::is_last(QueryRow row) const {
  if (last_ == kMost || last_key_.empty()) return false;
  if (over_ && row[0].number - row[0].number % over_ != last_key_[0].number) return false;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    const auto& cell = row[group_[i]];
    const auto& known = last_key_[i + 1];
    switch (fields_[group_[i]].type) {
      case FieldType::network:
        if (cell.network != known.network) return false;
        break;
      case FieldType::text: return false;  // the text of the row before may be gone
      default:
        if (cell.number != known.number) return false;
    }
  }
  return true;
}

bool QueryGroups::add(QueryRow row) {
  if (is_last(row)) {
    add_sums(row, last_);
    if (source_ && row[*source_].network.base != Address{}) count_source(last_, row[*source_].network);
    return true;
  }
  const bool small = !direct_.empty() && row[group_[0]].number >= 0 && static_cast<std::size_t>(row[group_[0]].number) < direct_.size();
  if (small)
    if (const auto known = direct_[static_cast<std::size_t>(row[group_[0]].number)]) {
      last_key_.clear();
      add_sums(row, known - 1);
      if (source_ && row[*source_].network.base != Address{}) count_source(known - 1, row[*source_].network);
      return true;
    }
  now_.clear();
  if (over_) add_bytes(now_, static_cast<std::uint64_t>(row[0].number - row[0].number % over_));
  for (const auto field : group_) add_key(now_, fields_[field].type, row[field]);
  const auto number = find(row);
  last_key_.clear();
  if (number == kMost) return false;
  if (small) direct_[static_cast<std::size_t>(row[group_[0]].number)] = static_cast<std::uint32_t>(number + 1);
  last_key_.resize(group_.size() + 1);
  if (over_) last_key_[0].number = row[0].number - row[0].number % over_;
  for (std::size_t i = 0; i < group_.size(); ++i) last_key_[i + 1] = row[group_[i]];
  if (source_ && row[*source_].network.base != Address{}) count_source(number, row[*source_].network);
  return true;
}

void QueryGroups::grow_pairs() {
  std::vector<std::uint64_t> old(pairs_.size() * 2);
  old.swap(pairs_);
  for (const auto pair : old) {
    if (!pair) continue;
    auto at = pair >> 1 & (pairs_.size() - 1);
    while (pairs_[at]) at = (at + 1) & (pairs_.size() - 1);
    pairs_[at] = pair;
  }
}

void QueryGroups::count_source(std::size_t number, const Network& source) {
  const auto both = fold_multiply(source.base.high ^ 0xff51afd7ed558ccdULL, source.base.low ^ 0x9e3779b97f4a7c15ULL) ^ source.base.low;
  const auto pair = fold_multiply(both ^ source.prefix_bits, (number + 1) * 0xd1b54a32d192ed03ULL | 1) | 1;
  auto at = pair >> 1 & (pairs_.size() - 1);
  for (; pairs_[at]; at = (at + 1) & (pairs_.size() - 1))
    if (pairs_[at] == pair) return;
  pairs_[at] = pair;
  ++source_counts_[number];
  if (++pair_count_ * 3 > pairs_.size() * 2) grow_pairs();
}

QueryCell QueryGroups::cell(std::size_t number, std::size_t field) const {
  if (fields_[field].use != FieldUse::key) {
    const auto& sum = sums_[number * summed_.size() + place_[field]];
    QueryCell cell;
    if (fields_[field].type == FieldType::real)
      cell.real = sum.real;
    else
      cell.number = sum.number;
    return cell;
  }
  auto left = key(number);
  QueryCell time;
  if (over_) time.number = static_cast<std::int64_t>(take_bytes(left));
  if (field == 0) return time;
  for (const auto f : group_) {
    auto cell = take_key(left, fields_[f].type);
    if (f == field) return cell;
  }
  return {};
}

double QueryGroups::order(std::size_t number, std::size_t field) const {
  const auto& sum = sums_[number * summed_.size() + place_[field]];
  return fields_[field].type == FieldType::real ? sum.real : static_cast<double>(sum.number);
}

}  // namespace sekisho
