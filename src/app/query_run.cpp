// Rows are judged one by one; groups are kept by their key's bytes.
#include "app/query_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "app/query_groups.h"
#include "base/parallel.h"
#include "base/text.h"
#include "model/labels.h"
#include "model/traffic_class.h"

namespace sekisho {
namespace {

constexpr std::size_t kTopRows = 100, kTopGroups = 20, kTopSlices = 10'000;

Error refuse(std::string what) { return {fmt::format("the query: {}", what), ErrorKind::usage}; }

std::string names_of(std::span<const QueryField> fields) {
  std::string names;
  for (const auto& f : fields) names += (names.empty() ? "" : ", ") + std::string{f.name};
  return names;
}

Result<std::size_t> field_of(const QueryTable& table, const std::string& name) {
  for (std::size_t i = 0; i < table.fields.size(); ++i)
    if (table.fields[i].name == name) return i;
  return refuse(fmt::format("'{}' is no field of {}; its fields are {}", escape_hostile(name, 40), table.name, names_of(table.fields)));
}

bool is_number(FieldType type) { return type == FieldType::number || type == FieldType::real; }

// "1500", "2.5k", "3M"
std::optional<double> number_of(std::string_view text) {
  double factor = 1;
  if (!text.empty()) {
    const char last = text.back();
    factor = last == 'k' ? 1e3 : last == 'M' ? 1e6 : last == 'G' ? 1e9 : 1;
    if (factor != 1) text.remove_suffix(1);
  }
  double value = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (bad != std::errc{} || end != text.data() + text.size() || value < 0 || value > 1e18) return std::nullopt;
  return value * factor <= 9e18 ? std::optional{value * factor} : std::nullopt;
}

bool is_class(std::string_view text) {
  for (std::size_t c = 0; c < kTrafficClasses; ++c)
    if (to_string(static_cast<TrafficClass>(c)) == text) return true;
  return false;
}

// `exact`: it is what a field is compared with, not looked for in it.
Result<ReadyCondition::Value> value_of(const QueryField& field, const std::string& text, bool exact, TimeNs now) {
  ReadyCondition::Value v;
  v.text = text;
  const auto bad = [&](std::string_view expected) {
    return refuse(fmt::format("{} '{}' is no {}", field.name, escape_hostile(text, 60), expected));
  };
  switch (field.type) {
    case FieldType::text:
      if (!exact) break;
      if (!field.values.empty() &&
          (text.find(' ') != std::string::npos || fmt::format(" {} ", field.values).find(fmt::format(" {} ", text)) == std::string::npos))
        return refuse(fmt::format("{} '{}': there are {}", field.name, escape_hostile(text, 60), field.values));
      if (field.name == "label" && !text.empty() && !find_label(text))
        return refuse(fmt::format("'{}' is no label: docs/labels.md has them all", escape_hostile(text, 60)));
      if (field.name == "class" && !is_class(text))
        return refuse(
            fmt::format("'{}' is no class of traffic, such as tcp_syn or udp: query classes group by class", escape_hostile(text, 60)));
      break;
    case FieldType::number:
    case FieldType::real: {
      const auto number = number_of(text);
      if (!number) return bad("number (1500, 2k, 3M)");
      v.real = *number, v.number = static_cast<std::int64_t>(*number);
      if (field.type == FieldType::number && static_cast<double>(v.number) != v.real) return bad("whole number");
      if (field.most && v.number > field.most) return bad(fmt::format("number up to {}", field.most));
      break;
    }
    case FieldType::network: {
      const auto network = parse_network(text);
      if (!network) return bad("address or network (198.51.100.7, 198.51.100.0/24, 2001:db8::/32)");
      v.network = *network;
      break;
    }
    case FieldType::time: v.number = TRY(parse_time_word(text, now, std::string{field.name})); break;
    case FieldType::severity: {
      Severity severity{};
      if (!parse_severity(text, severity)) return bad("severity: info, low, medium, high or critical");
      v.number = static_cast<std::int64_t>(severity);
      break;
    }
  }
  return v;
}

Result<ReadyCondition> ready(const QueryTable& table, const QueryCondition& c, TimeNs now) {
  ReadyCondition r;
  r.kind = c.kind;
  if (c.kind != QueryCondition::Kind::test) {
    for (const auto& part : c.parts) r.parts.push_back(TRY(ready(table, part, now)));
    return r;
  }
  r.field = TRY(field_of(table, c.field));
  const auto& field = table.fields[r.field];
  r.type = field.type, r.op = c.op;
  const bool ordered = c.op != QueryOp::equal && c.op != QueryOp::not_equal && c.op != QueryOp::contains;
  if (ordered && (field.type == FieldType::text || field.type == FieldType::network))
    return refuse(fmt::format("{} has no order: = != ~ and in are for it", field.name));
  if (c.op == QueryOp::contains && field.type != FieldType::text)
    return refuse(fmt::format("'~' looks into texts, {} is none{}", field.name,
                              field.type == FieldType::network ? "; = takes a network as well: 198.51.100.0/24" : ""));
  for (const auto& value : c.values) r.values.push_back(TRY(value_of(field, value, c.op != QueryOp::contains, now)));
  return r;
}

bool equal(FieldType type, const ReadyCondition::Value& v, const QueryCell& cell) {
  switch (type) {
    case FieldType::text: return cell.text == v.text;
    case FieldType::real: return cell.real == v.real;
    case FieldType::network: return cell.network.prefix_bits >= v.network.prefix_bits && contains(v.network, cell.network.base);
    default: return cell.number == v.number;
  }
}

bool has_inside(std::string_view text, std::string_view part) {
  const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [&](char a, char b) { return low(a) == low(b); }) != text.end();
}

// The only source that all of it can hold for.
std::optional<Address> only_source(const QueryTable& table, const ReadyCondition& c) {
  if (c.kind == QueryCondition::Kind::all)
    for (const auto& part : c.parts)
      if (const auto found = only_source(table, part)) return found;
  if (c.kind == QueryCondition::Kind::test && table.fields[c.field].name == "source" && c.op == QueryOp::equal && c.values.size() == 1 &&
      c.values[0].network.prefix_bits == 128)
    return c.values[0].network.base;
  return std::nullopt;
}

// The values of a test on `name` for one of which all of it must hold; empty: it may hold for others.
std::span<const ReadyCondition::Value> only_values(const QueryTable& table, const ReadyCondition& c, std::string_view name) {
  if (c.kind == QueryCondition::Kind::all)
    for (const auto& part : c.parts)
      if (const auto found = only_values(table, part, name); !found.empty()) return found;
  if (c.kind == QueryCondition::Kind::test && table.fields[c.field].name == name && c.op == QueryOp::equal) return c.values;
  return {};
}

bool asks_for_time(const ReadyCondition& c) {
  return c.kind == QueryCondition::Kind::test ? c.field == 0 : std::any_of(c.parts.begin(), c.parts.end(), asks_for_time);
}

SqlValue shown(FieldType type, const QueryCell& cell, bool for_people) {
  switch (type) {
    case FieldType::text: return std::string{cell.text};
    case FieldType::real: return cell.real;
    case FieldType::network: return cell.network.base == Address{} ? std::string{"others"} : to_string(cell.network);
    case FieldType::time: return for_people ? format_local(cell.number).substr(0, 19) : format_rfc3339(cell.number);
    case FieldType::severity:
      return std::string{to_string(static_cast<Severity>(std::clamp<std::int64_t>(cell.number, 0, static_cast<int>(Severity::critical))))};
    default: return cell.number;
  }
}

// A row that outlives its texts.
struct Kept {
  Kept() = default;
  Kept(Kept&&) = default;
  Kept& operator=(Kept&&) = default;
  std::vector<QueryCell> cells;
  std::vector<std::string> texts;
  void keep(QueryRow row) {
    cells.assign(row.begin(), row.end());
    texts.reserve(cells.size());
    for (auto& cell : cells)
      if (!cell.text.empty()) cell.text = texts.emplace_back(cell.text);
  }
};

class Answering {
 public:
  Answering(const ReadyQuery& query, bool for_people) : q_(query), fields_(query.table->fields), for_people_(for_people) {
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (fields_[i].name == "source") source_ = i;
    for (const auto field : q_.group)
      if (fields_[field].name == "source") source_.reset();
    if (q_.grouped) groups_.emplace(fields_, q_.group, q_.over, source_);
  }

  void row(QueryRow row) {
    if (row[0].number > q_.range.until || (q_.where && !holds(*q_.where, row))) return;
    ++matched;
    if (q_.grouped)
      too_many_ |= !groups_->add(row);
    else
      keep(row);
  }

  void next_part() { groups_->next_part(); }
  void absorb(const Answering& other) {
    matched += other.matched;
    too_many_ |= other.too_many_ || !groups_->absorb(*other.groups_);
  }

  Result<QueryAnswer> answer() {
    if (too_many_) return refuse("more than 2,000,000 groups: ask for less time, or group by fewer fields");
    return q_.grouped ? groups() : rows();
  }

  std::uint64_t matched = 0;

 private:
  double order(const std::vector<QueryCell>& cells) const {
    const auto field = *by();
    return fields_[field].type == FieldType::real ? cells[field].real : static_cast<double>(cells[field].number);
  }
  std::optional<std::size_t> by() const {
    if (q_.by) return q_.by;
    if (!q_.grouped) return 0;  // newest first
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (fields_[i].use == FieldUse::sum) return i;
    return 0;
  }

  void keep(QueryRow row) {
    Kept kept;
    kept.keep(row);
    rows_.push_back(std::move(kept));
    if (rows_.size() >= 2 * q_.top + 1000) best_rows();
  }
  void best_rows() {
    const auto more = [&](const Kept& a, const Kept& b) { return order(a.cells) > order(b.cells); };
    std::stable_sort(rows_.begin(), rows_.end(), more);
    if (rows_.size() > q_.top) rows_.resize(q_.top), cut_ = true;
  }

  void column(QueryAnswer& answer, std::string_view name, FieldType type) const {
    answer.columns.emplace_back(name);
    answer.numeric.push_back(is_number(type));
  }

  Result<QueryAnswer> rows() {
    best_rows();
    QueryAnswer answer;
    for (const auto& f : fields_) column(answer, f.name, f.type);
    for (const auto& kept : rows_) {
      auto& out = answer.rows.emplace_back();
      for (std::size_t i = 0; i < fields_.size(); ++i) out.push_back(shown(fields_[i].type, kept.cells[i], for_people_));
    }
    answer.cut = cut_;
    return answer;
  }

  Result<QueryAnswer> groups() {
    const QueryGroups& all = *groups_;
    std::vector<std::uint32_t> list(all.size());
    std::iota(list.begin(), list.end(), 0U);
    // Which fields a group is told by; equal numbers are put in their order, so that an answer is always the same.
    const auto by_fields = [&](std::uint32_t a, std::uint32_t b) {
      for (const auto f : q_.group) {
        const auto x = all.cell(a, f), y = all.cell(b, f);
        if (x.text != y.text) return x.text < y.text;
        if (x.number != y.number) return x.number < y.number;
        if (x.network != y.network) return x.network < y.network;
      }
      return all.cell(a, 0).number < all.cell(b, 0).number;
    };
    const auto field = *by();
    const auto shown_end = list.begin() + static_cast<std::ptrdiff_t>(std::min(q_.top, list.size()));
    std::partial_sort(list.begin(), shown_end, list.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto x = all.order(a, field), y = all.order(b, field);
      return x != y ? x > y : by_fields(a, b);
    });
    QueryAnswer answer;
    answer.cut = shown_end != list.end();
    list.erase(shown_end, list.end());
    if (q_.over)
      std::stable_sort(list.begin(), list.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return all.cell(a, 0).number < all.cell(b, 0).number; });
    std::vector<std::size_t> columns;
    if (q_.over) columns.push_back(0);
    columns.insert(columns.end(), q_.group.begin(), q_.group.end());
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (fields_[i].use != FieldUse::key) columns.push_back(i);
    for (const auto i : columns) column(answer, fields_[i].name, fields_[i].type);
    if (source_) column(answer, "sources", FieldType::number);
    for (const auto group : list) {
      auto& out = answer.rows.emplace_back();
      for (const auto i : columns) out.push_back(shown(fields_[i].type, all.cell(group, i), for_people_));
      if (source_) out.emplace_back(static_cast<std::int64_t>(all.sources(group)));
    }
    return answer;
  }

  const ReadyQuery& q_;
  const std::span<const QueryField> fields_;
  const bool for_people_;
  std::optional<std::size_t> source_;  // field whose different values are counted
  std::vector<Kept> rows_;
  std::optional<QueryGroups> groups_;
  bool cut_ = false, too_many_ = false;
};

}  // namespace

bool holds(const ReadyCondition& c, QueryRow row) {
  const auto part_holds = [&](const ReadyCondition& part) { return holds(part, row); };
  switch (c.kind) {
    case QueryCondition::Kind::all: return std::all_of(c.parts.begin(), c.parts.end(), part_holds);
    case QueryCondition::Kind::any: return std::any_of(c.parts.begin(), c.parts.end(), part_holds);
    case QueryCondition::Kind::none: return std::none_of(c.parts.begin(), c.parts.end(), part_holds);
    case QueryCondition::Kind::test: break;
  }
  const auto& cell = row[c.field];
  if (c.op == QueryOp::equal) return std::any_of(c.values.begin(), c.values.end(), [&](const auto& v) { return equal(c.type, v, cell); });
  const auto& v = c.values.front();
  if (c.op == QueryOp::not_equal) return !equal(c.type, v, cell);
  if (c.op == QueryOp::contains) return has_inside(cell.text, v.text);
  const auto compare =
      c.type == FieldType::real ? (cell.real < v.real ? -1 : cell.real > v.real) : (cell.number < v.number ? -1 : cell.number > v.number);
  return c.op == QueryOp::less      ? compare < 0
         : c.op == QueryOp::at_most ? compare <= 0
         : c.op == QueryOp::greater ? compare > 0
                                    : compare >= 0;
}

Result<ReadyQuery> prepare_query(const Query& query, TimeNs now) {
  ReadyQuery q;
  const auto tables = query_tables();
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const QueryTable& t) { return t.name == query.table; });
  if (found == tables.end()) {
    std::string names;
    for (const auto& t : tables) names += (names.empty() ? "" : ", ") + std::string{t.name};
    return refuse(fmt::format("there is no table '{}'; the tables are {}", escape_hostile(query.table, 40), names));
  }
  q.table = &*found;
  q.range = TRY(parse_time_range(query.since, query.until, now, q.table->reach));
  if (query.where) q.where = TRY(ready(*q.table, *query.where, now));
  for (const auto& name : query.group) {
    const auto field = TRY(field_of(*q.table, name));
    if (field == 0) return refuse("time is no field to group by: say 'over 1h'");
    if (q.table->fields[field].use != FieldUse::key) return refuse(fmt::format("{} is added up, it is no field to group by", name));
    q.group.push_back(field);
  }
  if (query.over) {
    const auto length = parse_length(*query.over);
    if (!length) return refuse(fmt::format("over '{}' is no length of time: 10m, 1h, 1d", escape_hostile(*query.over, 40)));
    q.over = *length;
  }
  q.grouped = q.over > 0 || !q.group.empty();
  if (query.by) {
    q.by = TRY(field_of(*q.table, *query.by));
    if (!is_number(q.table->fields[*q.by].type) || q.table->fields[*q.by].use == FieldUse::key)
      return refuse(fmt::format("'top … by {}' needs a field that is added up", *query.by));
  }
  q.top = query.top.value_or(q.over ? kTopSlices : q.grouped ? kTopGroups : kTopRows);
  if (q.where) {
    q.source = only_source(*q.table, *q.where);
    for (const auto& v : only_values(*q.table, *q.where, "port")) q.ports.push_back(static_cast<std::uint16_t>(v.number));
    if (const auto in = only_values(*q.table, *q.where, "source"); in.size() == 1) q.within = in.front().network;
  }
  return q;
}

Result<QueryAnswer> answer_query(StoreReader& reader, const ReadyQuery& query, bool for_people) {
  // A condition on the time wants rows as fine as they are kept.
  const auto step = query.over == 0 && query.where && asks_for_time(*query.where) ? kSecond : query.over;
  const QueryRange range{query.range.since, query.range.until, query.source, step, query.ports, query.within};
  std::vector<Answering> parts;
  if (query.table->parts && query.grouped && !query.source) {
    const auto rows = TRY(query.table->parts(reader, range));
    for (std::size_t i = 0; i < parallel_threads(); ++i) parts.emplace_back(query, for_people);
    in_parallel(rows->size(), [&](std::size_t thread, std::size_t part) {
      parts[thread].next_part();
      rows->each(part, [&](QueryRow row) { parts[thread].row(row); });
    });
  } else {
    parts.emplace_back(query, for_people);
    TRY(query.table->read(reader, range, [&](QueryRow row) { parts.front().row(row); }));
  }
  for (std::size_t i = 1; i < parts.size(); ++i) parts.front().absorb(parts[i]);
  auto answer = TRY(parts.front().answer());
  answer.matched = parts.front().matched;
  return answer;
}

}  // namespace sekisho
