// The scan hits of the store as text, CSV or JSON.
#include "app/scanners_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

std::string source_name(const Address& source) { return source == Address{} ? "others" : to_string(source); }

Json as_json(const ScanSummary& summary, const TimeRange& range) {
  Json scanners = Json::array(), ports = Json::array();
  for (const auto& s : summary.scanners) {
    Json top = Json::array();
    for (const auto port : s.top_ports) top.push_back(port);
    scanners.push_back({{"ip", s.source == Address{} ? Json(nullptr) : Json(to_string(s.source))},
                        {"hits", s.hits},
                        {"ports", s.ports},
                        {"top_ports", std::move(top)},
                        {"label", s.label.empty() ? Json(nullptr) : Json(escape_hostile(s.label, 64))},
                        {"first", format_rfc3339(s.first)},
                        {"last", format_rfc3339(s.last)}});
  }
  for (const auto& p : summary.ports)
    ports.push_back({{"port", p.port}, {"protocol", p.protocol == kUdp ? "udp" : "tcp"}, {"hits", p.hits}, {"sources", p.sources}});
  return {{"schema", 1},
          {"since", format_rfc3339(range.since)},
          {"until", format_rfc3339(range.until)},
          {"hits", summary.hits},
          {"sources", summary.sources},
          {"scanners", std::move(scanners)},
          {"ports", std::move(ports)}};
}

std::string as_csv(const ScanSummary& summary) {
  std::string out = "source,hits,ports,label,first,last\n";
  for (const auto& s : summary.scanners)
    out += fmt::format("{},{},{},{},{},{}\n", source_name(s.source), s.hits, s.ports, escape_hostile(s.label, 64), format_rfc3339(s.first),
                       format_rfc3339(s.last));
  return out;
}

std::string as_text(const ScanSummary& summary, const TimeRange& range) {
  if (summary.hits == 0) return fmt::format("Nobody scanned this host since {}.\n", format_local(range.since));
  std::string out = fmt::format("{} hits by {} sources.\n\n{:<39} {:>9} {:>6}  {:<28} {:<24} {}\n", format_count(summary.hits),
                                format_count(summary.sources), "SOURCE", "HITS", "PORTS", "MOST TO", "LOOKS LIKE", "LAST SEEN");
  for (const auto& s : summary.scanners) {
    std::string ports;
    for (const auto port : s.top_ports) ports += (ports.empty() ? "" : " ") + (port ? fmt::format("{}", port) : std::string{"?"});
    const Label* label = find_label(s.label);
    out += fmt::format("{:<39} {:>9} {:>6}  {:<28} {:<24} {}\n", source_name(s.source), format_count(s.hits), s.ports, ports,
                       label             ? label->title
                       : s.label.empty() ? std::string_view{"-"}
                                         : std::string_view{s.label},
                       format_local(s.last).substr(0, 19));
  }
  out += fmt::format("\n{:<10} {:>9} {:>9}\n", "PORT", "HITS", "SOURCES");
  for (const auto& p : summary.ports)
    out += fmt::format("{:<10} {:>9} {:>9}\n",
                       p.port ? fmt::format("{}/{}", p.port, p.protocol == kUdp ? "udp" : "tcp") : std::string{"other"},
                       format_count(p.hits), format_count(p.sources));
  return out + "A scan's source can be forged: hits alone are no reason to block.\n";
}

}  // namespace

int run_scanners(const ScannersCommand& command) {
  auto history = open_history(command.read, 24LL * 3600 * kSecond);
  if (!history.ok()) return fail(history.error());
  ScanFilter filter;
  filter.since = history->range.since, filter.until = history->range.until;
  filter.port = command.port, filter.label = command.label, filter.limit = command.top;
  if (command.source) {
    filter.source = parse_address(*command.source);
    if (!filter.source) return fail({fmt::format("--source '{}' is no address", escape_hostile(*command.source, 60)), ErrorKind::usage});
  }
  const auto summary = history->reader->scanners(filter);
  if (!summary.ok()) return fail(summary.error());
  const auto& s = summary.value();
  fmt::print("{}", command.read.json ? as_json(s, history->range).dump() + "\n" : command.csv ? as_csv(s) : as_text(s, history->range));
  return std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace sekisho
