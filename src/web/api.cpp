// What all answers share: JSON, CSV, parameters.
#include "web/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {

void add_api_routes(Routes& routes, const Api& api) {
  add_status_routes(routes, api);
  add_incident_routes(routes, api);
  add_action_routes(routes, api);
  add_evidence_routes(routes, api);
  add_series_routes(routes, api);
  add_scanner_routes(routes, api);
  add_address_route(routes, api);
  add_table_routes(routes, api);
  add_settings_routes(routes, api);
  add_metrics_route(routes, api);
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

HttpResponse json_response(const Json& document) {
  HttpResponse response;
  response.body = dump(document) + "\n";
  return response;
}

// What other processes tell (the agent of another version) is escaped here again: that changes nothing in what is escaped already.
constexpr std::size_t kCell = 8192;

std::string to_csv(const Json& rows) {
  std::vector<std::string> columns;
  for (const auto& row : rows)
    for (const auto& [key, value] : row.items())
      if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) out += (i ? "," : "") + csv_cell(escape_hostile(columns[i]));
  out += "\r\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i) out += ',';
      const auto value = row.find(columns[i]);
      if (value == row.end() || value->is_null()) continue;
      // Numbers are no formulas, however they begin.
      out += value->is_string()       ? csv_cell(escape_hostile(value->get<std::string>(), kCell))
             : value->is_structured() ? csv_cell(escape_hostile(dump(*value), kCell))
                                      : value->dump();
    }
    out += "\r\n";
  }
  return out;
}

HttpResponse rows_response(const Call& call, const Json& document, const Json& rows, const std::string& name) {
  const auto& format = call.query("format");
  if (!format.empty() && format != "json" && format != "csv") return error_response(400, "'format' is json or csv.");
  HttpResponse response;
  if (format == "csv") {
    response.type = "text/csv;charset=utf-8";
    response.body = to_csv(rows);
  } else {
    response = json_response(document);
  }
  if (call.query("download") == "1")
    response.headers.emplace_back("Content-Disposition",
                                  fmt::format("attachment; filename=\"sekisho-{}.{}\"", name, format == "csv" ? "csv" : "json"));
  return response;
}

HttpResponse store_failed(const Error& error) { return error_response(503, "The history cannot be read.", error.message); }

Result<TimeNs> time_of(const Call& call, const std::string& name, TimeNs otherwise) {
  const auto& text = call.query(name);
  if (text.empty()) return otherwise;
  const auto when = parse_when(text, call.now_s);
  if (!when)
    return Error{fmt::format("'{}' is a time: RFC 3339, seconds since 1970, or how long ago, such as 15m, 24h, 7d", name),
                 ErrorKind::usage};
  return static_cast<TimeNs>(*when * 1e3) * kMillisecond;
}

Result<std::uint64_t> number_of(const Call& call, const std::string& name, std::uint64_t otherwise, std::uint64_t least,
                                std::uint64_t most) {
  const auto& text = call.query(name);
  if (text.empty()) return otherwise;
  std::uint64_t value = 0;
  const bool digits = text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
  if (digits) value = std::stoull(text);
  if (!digits || value < least || value > most)
    return Error{fmt::format("'{}' is a number from {} to {}", name, least, most), ErrorKind::usage};
  return value;
}

Result<Span> span_of(const Call& call, std::uint64_t last_s) {
  Span span;
  span.to = TRY(time_of(call, "to", static_cast<TimeNs>(call.now_s) * kSecond));
  const auto last = TRY(number_of(call, "last", last_s, 1, 4000ULL * 86400));
  span.from = TRY(time_of(call, "from", span.to - static_cast<TimeNs>(last) * kSecond));
  if (span.from >= span.to) return Error{"'from' is before 'to'", ErrorKind::usage};
  return span;
}

}  // namespace sekisho
