// Cells as words.
#include "app/answer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kCell = 4096, kTextCell = 80;

std::string words(const SqlValue& value, std::size_t most) {
  if (const auto* text = std::get_if<std::string>(&value)) return escape_hostile(*text, most);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&value)) return std::isfinite(*real) ? fmt::format("{:.12g}", *real) : "";
  return "";
}

nlohmann::ordered_json json_of(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return escape_hostile(*text, kCell);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* real = std::get_if<double>(&value)) return std::isfinite(*real) ? nlohmann::ordered_json(*real) : nullptr;
  return nullptr;
}

// People read 1,204,118; programs read the other forms.
std::string for_people(const SqlValue& value, bool grouped) {
  if (const auto* number = std::get_if<std::int64_t>(&value); number && grouped && *number >= 0)
    return format_count(static_cast<std::uint64_t>(*number));
  if (const auto* real = std::get_if<double>(&value); real && std::isfinite(*real)) return fmt::format("{:.6g}", *real);
  return words(value, kTextCell);
}

std::string upper(const std::string& text) {
  std::string out = escape_hostile(text, kTextCell);
  for (auto& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

// As wide as it looks: what follows a first byte of UTF-8 takes no place.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string AnswerTable::text() const {
  if (rows.empty()) return "Nothing of that kind is recorded.\n";
  const auto right = [&](std::size_t column) { return column < numeric.size() && numeric[column]; };
  // Ports are numbers, too, but nobody writes 2,323.
  const auto grouped = [&](std::size_t column) { return right(column) && columns[column] != "port"; };
  std::vector<std::vector<std::string>> lines(1);
  for (const auto& name : columns) lines[0].push_back(upper(name));
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) line.push_back(for_people(row[i], grouped(i)));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  std::string out;
  for (const auto& line : lines) {
    std::string one;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - width(line[i]), ' ');
      one += (i ? "  " : "") + (right(i) ? space + line[i] : line[i] + space);
    }
    out += one.substr(0, one.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string AnswerTable::csv() const {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) out += (i ? "," : "") + csv_cell(escape_hostile(columns[i], kCell));
  out += "\r\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out += (i ? "," : "") + (std::holds_alternative<std::string>(row[i]) ? csv_cell(words(row[i], kCell)) : words(row[i], kCell));
    out += "\r\n";
  }
  return out;
}

std::string AnswerTable::json() const {
  nlohmann::ordered_json out{{"schema", 1}};
  for (const auto& [name, value] : facts)
    out[name] = name == "more" ? nlohmann::ordered_json(value != SqlValue{std::int64_t{0}}) : json_of(value);
  out["columns"] = nlohmann::ordered_json::array();
  for (const auto& name : columns) out["columns"].push_back(escape_hostile(name, kCell));
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    auto one = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) one[escape_hostile(columns[i], kCell)] = json_of(row[i]);
    list.push_back(std::move(one));
  }
  out["rows"] = std::move(list);
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sekisho
