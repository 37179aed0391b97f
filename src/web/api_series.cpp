// /api/v1/series and /api/v1/composition: rates over time in columns, and what the traffic was made of.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "web/api.h"

namespace sekisho {
namespace {

constexpr std::uint64_t kMostPoints = 4000, kBands = 200;

double rounded(double value) { return std::isfinite(value) ? std::round(value * 10) / 10 : 0; }

struct Column {
  const char* name;
  Json values = Json::array();
};

HttpResponse series(const Api& api, Call& call) {
  const auto span = span_of(call, 900);
  if (!span.ok()) return error_response(400, span.error().message);
  const auto& [from, to] = span.value();
  const auto seconds = static_cast<std::uint64_t>((to - from) / kSecond);
  // Never more points than a screen or a memory wants.
  const auto asked = number_of(call, "step", std::max<std::uint64_t>(1, seconds / 900), 1, 90 * 86400);
  if (!asked.ok()) return error_response(400, asked.error().message);
  const auto step = std::max(asked.value(), (seconds + kMostPoints - 1) / kMostPoints);

  enum { in_pps, in_bps, out_pps, out_bps, in_peak, out_peak, in_normal, in_threshold, out_normal, out_threshold, dropped, columns_count };
  Column columns[columns_count] = {{"in_pps"},       {"in_bps"},        {"out_pps"},          {"out_bps"},        {"in_peak_pps"},
                                   {"out_peak_pps"}, {"in_normal_pps"}, {"in_threshold_pps"}, {"out_normal_pps"}, {"out_threshold_pps"},
                                   {"dropped"}};
  Json time = Json::array(), bands = Json::array();
  std::string message;
  DurationNs length = static_cast<DurationNs>(step) * kSecond;
  if (auto reader = call.worker.store(); reader.ok()) {
    const auto found = reader.value()->traffic(from, to, length);
    if (!found.ok()) return store_failed(found.error());
    length = found.value().step;
    TimeNs before = 0;
    for (const auto& p : found.value().points) {
      // A hole in the record is a hole in the line.
      if (before && p.time - before > length * 3 / 2) {
        time.push_back((before + length) / kSecond);
        for (auto& column : columns) column.values.push_back(nullptr);
      }
      before = p.time;
      time.push_back(p.time / kSecond);
      const double over = std::max(1U, p.seconds);
      const auto& [in, out] = p.sides;
      const auto add = [&](int column, double value) { columns[column].values.push_back(rounded(value)); };
      const auto known = [&](int column, double value) {
        columns[column].values.push_back(value > 0 ? Json(rounded(value)) : Json(nullptr));
      };
      add(in_pps, static_cast<double>(in.packets) / over), add(in_bps, static_cast<double>(in.bytes) * 8 / over);
      add(out_pps, static_cast<double>(out.packets) / over), add(out_bps, static_cast<double>(out.bytes) * 8 / over);
      add(in_peak, in.peak_pps), add(out_peak, out.peak_pps);
      known(in_normal, in.normal_pps), known(in_threshold, in.threshold_pps), known(out_normal, out.normal_pps),
          known(out_threshold, out.threshold_pps);
      columns[dropped].values.push_back(p.dropped);
    }
    IncidentFilter going_on;
    going_on.since = from, going_on.until = to, going_on.limit = kBands;
    const auto incidents = reader.value()->incidents(going_on);
    if (!incidents.ok()) return store_failed(incidents.error());
    for (const auto& incident : incidents.value()) {
      const auto details = Json::parse(api.lent.details(incident), nullptr, false);
      bands.push_back({{"id", incident.id},
                       {"title", details.is_object() ? details.value("title", incident.label) : incident.label},
                       {"direction", incident.direction},
                       {"severity", to_string(incident.severity)},
                       {"from", static_cast<double>(incident.started / kMillisecond) / 1000},
                       {"to", incident.ended ? Json(static_cast<double>(*incident.ended / kMillisecond) / 1000) : Json(nullptr)}});
    }
  } else {
    message = reader.error().message;
  }
  Json rows = Json::array();
  if (call.query("format") == "csv")
    for (std::size_t i = 0; i < time.size(); ++i) {
      Json row{{"time", format_rfc3339(time[i].get<std::int64_t>() * kSecond)}};
      for (const auto& column : columns) row[column.name] = column.values[i];
      if (!row["in_pps"].is_null()) rows.push_back(std::move(row));
    }
  Json document{{"schema", 1}, {"from", from / kSecond}, {"to", to / kSecond}, {"step_s", length / kSecond}, {"time", std::move(time)}};
  for (auto& column : columns) document[column.name] = std::move(column.values);
  document["incidents"] = std::move(bands);
  if (!message.empty()) document["message"] = message;
  return rows_response(call, document, rows, "traffic");
}

// Mean packets a second of each class over the span.
HttpResponse composition(Call& call) {
  const auto span = span_of(call, 60);
  if (!span.ok()) return error_response(400, span.error().message);
  const auto& [from, to] = span.value();
  auto reader = call.worker.store();
  if (!reader.ok()) return store_failed(reader.error());
  const auto points = reader.value()->classes(from, to, std::max<DurationNs>(to - from, kSecond));
  if (!points.ok()) return store_failed(points.error());
  const double seconds = std::max(1.0, static_cast<double>(to - from) / kSecond);
  Json in = Json::object(), out = Json::object();
  std::map<std::pair<Direction, std::string>, double> sums;
  for (const auto& p : points.value()) sums[{p.direction, p.traffic_class}] += static_cast<double>(p.packets);
  for (const auto& [key, packets] : sums) (key.first == Direction::ingress ? in : out)[key.second] = rounded(packets / seconds);
  return json_response(
      {{"schema", 1}, {"from", from / kSecond}, {"to", to / kSecond}, {"in_classes", std::move(in)}, {"out_classes", std::move(out)}});
}

}  // namespace

void add_series_routes(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/series", Role::viewer, [&api](Call& call) { return series(api, call); });
  routes.add("GET", "/api/v1/composition", Role::viewer, [](Call& call) { return composition(call); });
}

}  // namespace sekisho
