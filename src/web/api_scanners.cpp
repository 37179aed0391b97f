// /api/v1/scanners: the background noise: hours, ports, tools, networks, countries, the busiest sources, and campaigns.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "model/labels.h"
#include "web/api.h"

namespace sekisho {
namespace {

constexpr std::size_t kSources = 5000, kShownSources = 50, kPorts = 40, kCampaigns = 20;

std::string title_of(const std::string& label) {
  const auto* found = find_label(label);
  return found ? std::string{found->title} : label.empty() ? "" : escape_hostile(label, 40);
}

struct Sum {
  std::uint64_t sources = 0, probes = 0;
};

template <class Key>
std::vector<std::pair<Key, Sum>> largest(const std::map<Key, Sum>& sums, std::size_t most) {
  std::vector<std::pair<Key, Sum>> list(sums.begin(), sums.end());
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.second.sources > b.second.sources; });
  if (list.size() > most) list.resize(most);
  return list;
}

HttpResponse scanners(const Api& api, Call& call) {
  const auto span = span_of(call, 7 * 86400);
  if (!span.ok()) return error_response(400, span.error().message);
  ScanFilter filter;
  filter.since = span.value().from, filter.until = span.value().to, filter.limit = kSources;
  const auto port = number_of(call, "port", 0, 0, 65535);
  if (!port.ok()) return error_response(400, port.error().message);
  if (!call.query("port").empty()) filter.port = static_cast<std::uint16_t>(port.value());
  if (const auto& label = call.query("label"); !label.empty()) filter.label = label;

  ScanSummary summary;
  std::vector<ScanHour> hours;
  std::vector<StoredIncident> campaigns;
  std::string message;
  if (auto reader = call.worker.store(); reader.ok()) {
    auto found = reader.value()->scanners(filter);
    if (!found.ok()) return store_failed(found.error());
    summary = std::move(*found);
    auto by_hour = reader.value()->scan_hours(filter);
    if (!by_hour.ok()) return store_failed(by_hour.error());
    hours = std::move(*by_hour);
    IncidentFilter scans;
    scans.since = filter.since, scans.until = filter.until, scans.kind = "scan", scans.direction = "ingress", scans.limit = kCampaigns,
    scans.label = filter.label;
    auto list = reader.value()->incidents(scans);
    if (!list.ok()) return store_failed(list.error());
    campaigns = std::move(*list);
  } else {
    message = reader.error().message;
  }

  Json time = Json::array(), sources_by_hour = Json::array(), probes_by_hour = Json::array();
  for (const auto& hour : hours)
    time.push_back(hour.time / kSecond), sources_by_hour.push_back(hour.sources), probes_by_hour.push_back(hour.hits);
  std::map<std::string, Sum> families, countries;
  std::map<std::uint32_t, Sum> networks;
  std::map<std::uint32_t, std::string> organizations;
  Json sources = Json::array();
  for (const auto& row : summary.scanners) {
    const bool others = row.source == Address{};
    Json one{{"ip", to_string(row.source)},
             {"label", row.label},
             {"title", title_of(row.label)},
             {"probes", row.hits},
             {"targets", row.ports},
             {"first", format_rfc3339(row.first)},
             {"last", format_rfc3339(row.last)},
             {"ports", row.top_ports}};
    if (!others) {
      if (!row.label.empty()) ++families[row.label].sources, families[row.label].probes += row.hits;
      const auto place = api.places.find(row.source);
      if (place.asn) {
        one["asn"] = place.asn, one["organization"] = place.organization;
        ++networks[place.asn].sources, networks[place.asn].probes += row.hits;
        organizations[place.asn] = place.organization;
      }
      if (!place.country.empty())
        one["country"] = place.country, ++countries[place.country].sources, countries[place.country].probes += row.hits;
    }
    if (sources.size() < kShownSources || call.query("format") == "csv") sources.push_back(std::move(one));
  }
  Json ports = Json::array(), family_rows = Json::array(), network_rows = Json::array(), country_rows = Json::array(),
       campaign_rows = Json::array();
  for (std::size_t i = 0; i < std::min(summary.ports.size(), kPorts); ++i)
    ports.push_back({{"port", summary.ports[i].port},
                     {"protocol", summary.ports[i].protocol},
                     {"probes", summary.ports[i].hits},
                     {"sources", summary.ports[i].sources}});
  for (const auto& [label, sum] : largest(families, 20))
    family_rows.push_back({{"label", label}, {"title", title_of(label)}, {"sources", sum.sources}, {"probes", sum.probes}});
  for (const auto& [asn, sum] : largest(networks, 20))
    network_rows.push_back({{"asn", asn}, {"organization", organizations[asn]}, {"sources", sum.sources}, {"probes", sum.probes}});
  for (const auto& [country, sum] : largest(countries, 250))
    country_rows.push_back({{"country", country}, {"sources", sum.sources}, {"probes", sum.probes}});
  for (const auto& incident : campaigns) campaign_rows.push_back(incident_with_details(api, incident));

  Json document{{"schema", 1},
                {"from", filter.since / kSecond},
                {"to", filter.until / kSecond},
                {"probes", summary.hits},
                {"distinct_sources", summary.sources},
                {"located", api.places.any()},
                {"hours", {{"time", std::move(time)}, {"sources", std::move(sources_by_hour)}, {"probes", std::move(probes_by_hour)}}}};
  document["ports"] = std::move(ports), document["families"] = std::move(family_rows), document["networks"] = std::move(network_rows);
  document["countries"] = std::move(country_rows), document["sources"] = sources, document["campaigns"] = std::move(campaign_rows);
  if (!message.empty()) document["message"] = message;
  return rows_response(call, document, sources, "scanners");
}

HttpResponse labels(Call& call) {
  Json rows = Json::array();
  for (const auto& label : all_labels())
    rows.push_back({{"id", label.id},
                    {"kind", to_string(label.kind)},
                    {"title", label.title},
                    {"techniques", label.techniques},
                    {"what", label.what}});
  return rows_response(call, {{"schema", 1}, {"labels", rows}}, rows, "labels");
}

}  // namespace

void add_scanner_routes(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/scanners", Role::viewer, [&api](Call& call) { return scanners(api, call); });
  routes.add("GET", "/api/v1/labels", Role::viewer, [](Call& call) { return labels(call); });
}

}  // namespace sekisho
