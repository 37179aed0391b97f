// One reading function for each table.
#include "app/query_tables.h"

#include <array>

namespace sekisho {
namespace {

constexpr DurationNs kHour = 60 * kMinute, kDay = 24 * kHour;
using T = FieldType;
using U = FieldUse;

// The network that a source is counted with: /24 for IPv4, /64 for IPv6.
Network around(const Address& a) { return is_v4(a) ? Network{masked(a, 120), 120} : Network{masked(a, 64), 64}; }
QueryCell number(std::uint64_t n) { return {static_cast<std::int64_t>(n), 0, {}, {}}; }
QueryCell time_cell(TimeNs t) { return {t, 0, {}, {}}; }
QueryCell real(double r) { return {0, r, {}, {}}; }
QueryCell text(std::string_view t) { return {0, 0, t, {}}; }
QueryCell network(const Network& n) { return {0, 0, {}, n}; }

constexpr std::array<QueryField, 9> kScans{{{"time", T::time, U::key, "start of the row's minute, hour or day"},
                                            {"source", T::network, U::key, "who; :: stands for sources without a row of their own"},
                                            {"network", T::network, U::key, "the source's /24 (IPv6: /64)"},
                                            {"port", T::number, U::key, "local port", {}, 65'535},
                                            {"protocol", T::text, U::key, "tcp or udp", "tcp udp"},
                                            {"label", T::text, U::key, "what the scan looks like (docs/labels.md), or nothing"},
                                            {"hits", T::number, U::sum, "first contacts that were refused or unanswered"},
                                            {"first", T::time, U::earliest, "first seen"},
                                            {"last", T::time, U::latest, "last seen"}}};
HistoryRange scans_wanted(const QueryRange& range) {
  return {range.since, range.until, range.source, range.step > 0 && range.step < kDay, range.ports, range.within};
}

// Millions of rows: each cell keeps what does not change.
class ScanCells {
 public:
  QueryRow of(const ScanRow& r) {
    row_[0].number = r.time;
    if (row_[1].network.base != r.source || row_[1].network.prefix_bits == 0)
      row_[1].network = host_network(r.source), row_[2].network = around(r.source);
    row_[3].number = r.port;
    row_[4].text = r.protocol == 17 ? "udp" : "tcp";
    row_[5].text = r.label;
    row_[6].number = static_cast<std::int64_t>(r.hits);
    row_[7].number = r.first, row_[8].number = r.last;
    return row_;
  }

 private:
  std::array<QueryCell, kScans.size()> row_;
};

Result<void> read_scans(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  ScanCells cells;
  return reader.each_scan(scans_wanted(range), [&](const ScanRow& r) { each(cells.of(r)); });
}

class ScanQueryParts final : public QueryParts {
 public:
  explicit ScanQueryParts(std::unique_ptr<ScanParts> parts) : parts_(std::move(parts)) {}
  std::size_t size() const override { return parts_->size(); }
  void each(std::size_t part, const EachQueryRow& row) const override {
    ScanCells cells;
    parts_->each(part, [&](const ScanRow& r) { row(cells.of(r)); });
  }

 private:
  std::unique_ptr<ScanParts> parts_;
};
Result<std::unique_ptr<QueryParts>> scan_query_parts(StoreReader& reader, const QueryRange& range) {
  auto parts = TRY(reader.scan_parts(scans_wanted(range)));
  return std::unique_ptr<QueryParts>{std::make_unique<ScanQueryParts>(std::move(parts))};
}

constexpr std::array<QueryField, 8> kLogins{{{"time", T::time, U::key, "start of the row's minute or hour"},
                                             {"source", T::network, U::key, "who (IPv6: a /64)"},
                                             {"network", T::network, U::key, "the source's /24 (IPv6: /64)"},
                                             {"service", T::text, U::key, "ssh, telnet, web", "ssh telnet web firewall other"},
                                             {"failures", T::number, U::sum, "logins that failed"},
                                             {"successes", T::number, U::sum, "logins that succeeded"},
                                             {"first", T::time, U::earliest, "first seen"},
                                             {"last", T::time, U::latest, "last seen"}}};
Result<void> read_logins(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  std::array<QueryCell, kLogins.size()> row;
  return reader.each_login({range.since, range.until, range.source, true, {}}, [&](const LoginRow& r) {
    row = {time_cell(r.time),  network(r.source), network(around(r.source.base)), text(r.service), number(r.failures), number(r.successes),
           time_cell(r.first), time_cell(r.last)};
    each(row);
  });
}

constexpr std::array<QueryField, 9> kBlocks{{{"time", T::time, U::key, "when"},
                                             {"source", T::network, U::key, "the address or network"},
                                             {"event", T::text, U::key, "added, suggested, removed, expired, evicted, replaced",
                                              "added suggested removed expired evicted replaced"},
                                             {"proof", T::text, U::key, "what speaks against it"},
                                             {"reason", T::text, U::key, "in words"},
                                             {"incident", T::text, U::key, "its incident"},
                                             {"actor", T::text, U::key, "who did it"},
                                             {"events", T::number, U::sum, "1"},
                                             {"seconds", T::number, U::largest, "for how long"}}};
Result<void> read_blocks(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  const auto events = TRY(reader.block_events("", range.since, 1'000'000));
  for (const auto& e : events) {
    const auto of = parse_network(e.network);
    const std::array<QueryCell, kBlocks.size()> row{time_cell(e.time),
                                                    network(of.value_or(Network{})),
                                                    text(e.event),
                                                    text(e.proof),
                                                    text(e.reason),
                                                    text(e.incident),
                                                    text(e.actor),
                                                    number(1),
                                                    number(static_cast<std::uint64_t>(e.seconds))};
    each(row);
  }
  return {};
}

constexpr std::array<QueryField, 12> kIncidents{
    {{"time", T::time, U::key, "when it began"},
     {"id", T::text, U::key, "its id"},
     {"severity", T::severity, U::key, "info, low, medium, high, critical"},
     {"kind", T::text, U::key, "flood, scan, c2, bruteforce, …", "flood scan c2 bruteforce reflector backscatter exposure"},
     {"direction", T::text, U::key, "ingress or egress", "ingress egress"},
     {"label", T::text, U::key, "docs/labels.md"},
     {"subject", T::text, U::key, "the address it is about"},
     {"confidence", T::number, U::largest, "0 to 100", {}, 100},
     {"peak_pps", T::real, U::largest, "packets per second"},
     {"packets", T::number, U::sum, "packets"},
     {"bytes", T::number, U::sum, "bytes"},
     {"incidents", T::number, U::sum, "1"}}};
Result<void> read_incidents(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  IncidentFilter filter;
  filter.since = range.since, filter.until = range.until, filter.limit = 1'000'000;
  const auto incidents = TRY(reader.incidents(filter));
  for (const auto& i : incidents) {
    const std::array<QueryCell, kIncidents.size()> row{
        time_cell(i.started), text(i.id),      number(static_cast<std::uint64_t>(i.severity)),   text(i.kind),     text(i.direction),
        text(i.label),        text(i.subject), number(static_cast<std::uint64_t>(i.confidence)), real(i.peak_pps), number(i.packets),
        number(i.bytes),      number(1)};
    each(row);
  }
  return {};
}

constexpr std::array<QueryField, 3> kPorts{{{"time", T::time, U::key, "the minute"},
                                            {"port", T::number, U::key, "the rule's port", {}, 65'535},
                                            {"packets", T::number, U::sum, "SYNs that the firewall's rules counted"}}};
Result<void> read_ports(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  const auto counts = TRY(reader.port_counts(range.since, range.until));
  for (const auto& c : counts) {
    const std::array<QueryCell, kPorts.size()> row{time_cell(c.time), number(c.port), number(c.packets)};
    each(row);
  }
  return {};
}

constexpr std::array<QueryField, 6> kTraffic{{{"time", T::time, U::key, "start of the slice"},
                                              {"direction", T::text, U::key, "ingress or egress", "ingress egress"},
                                              {"packets", T::number, U::sum, "packets"},
                                              {"bytes", T::number, U::sum, "bytes"},
                                              {"peak_pps", T::real, U::largest, "its busiest second"},
                                              {"seconds", T::number, U::sum, "of it that were recorded"}}};
Result<void> read_traffic(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  const auto series = TRY(reader.traffic(range.since, range.until, range.step));
  for (const auto& p : series.points)
    for (const auto d : {Direction::ingress, Direction::egress}) {
      const auto& side = p.sides[static_cast<std::size_t>(d)];
      const std::array<QueryCell, kTraffic.size()> row{time_cell(p.time),  text(to_string(d)),  number(side.packets),
                                                       number(side.bytes), real(side.peak_pps), number(p.seconds)};
      each(row);
    }
  return {};
}

constexpr std::array<QueryField, 5> kClasses{{{"time", T::time, U::key, "start of the slice"},
                                              {"direction", T::text, U::key, "ingress or egress", "ingress egress"},
                                              {"class", T::text, U::key, "tcp_syn, udp, …"},
                                              {"packets", T::number, U::sum, "packets"},
                                              {"bytes", T::number, U::sum, "bytes"}}};
Result<void> read_classes(StoreReader& reader, const QueryRange& range, const EachQueryRow& each) {
  const auto points = TRY(reader.classes(range.since, range.until, range.step));
  for (const auto& p : points) {
    const std::array<QueryCell, kClasses.size()> row{time_cell(p.time), text(to_string(p.direction)), text(p.traffic_class),
                                                     number(p.packets), number(p.bytes)};
    each(row);
  }
  return {};
}

constexpr std::array<QueryTable, 7> kTables{{{"scans", "who scanned which port", kScans, kDay, read_scans, scan_query_parts},
                                             {"logins", "logins that failed or succeeded, as logs told them", kLogins, kDay, read_logins},
                                             {"blocks", "what became of networks on the block list", kBlocks, kDay, read_blocks},
                                             {"incidents", "the verdicts", kIncidents, kDay, read_incidents},
                                             {"ports", "SYNs counted by firewall rules", kPorts, kDay, read_ports},
                                             {"traffic", "packets and bytes over time", kTraffic, kHour, read_traffic},
                                             {"classes", "the composition of the traffic", kClasses, kHour, read_classes}}};

}  // namespace

std::span<const QueryTable> query_tables() { return kTables; }

}  // namespace sekisho
