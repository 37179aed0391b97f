// Short outbound connections to TCP 48101: where Mirai bots report the devices they cracked.
#include "detect/connection_findings.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class C2Report final : public Detector {
 public:
  struct Settings {
    std::int64_t max_out_bytes = 512;
    std::int64_t max_in_bytes = 64;
  };
  static constexpr Field<Settings> fields[] = {
      {"max_out_bytes", &Settings::max_out_bytes, 16, 65'536, "a report (address, port, user, password) is not longer"},
      {"max_in_bytes", &Settings::max_in_bytes, 0, 65'536, "the report server hardly answers"}};
  explicit C2Report(Settings settings) : settings_{settings}, connections_{4096}, paces_{4096} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections) {
      // Port 48101 may be a client's ephemeral port: only connections whose SYN came from here count.
      if (!f.outbound || !(f.signs & kSignReportPort) || !(f.signs & kSignOpened) || !f.established || f.payload_out == 0) continue;
      const bool short_report = f.payload_out <= static_cast<std::uint64_t>(settings_.max_out_bytes) &&
                                f.payload_in <= static_cast<std::uint64_t>(settings_.max_in_bytes);
      if (short_report) judge(f, step, out);
    }
  }

 private:
  struct Totals {
    Pace pace;
    TimeNs first = 0;
    std::uint64_t reports = 0, packets = 0, bytes = 0;
  };
  struct Counted {
    TimeNs opened = 0;
    std::uint64_t packets = 0, bytes = 0;
  };

  void judge(const ConnectionFact& f, const Step& step, std::vector<Finding>& out) {
    Finding finding = c2_finding("c2_report", f, step.time);
    Totals& totals = paces_[finding.merge_key];
    Counted& counted = connections_[key_of(f)];
    if (counted.opened != f.opened) {
      counted = {f.opened};
      ++totals.reports;
      if (totals.first == 0) totals.first = f.opened;
    }
    totals.packets += packets_of(f) - counted.packets;
    totals.bytes += bytes_of(f) - counted.bytes;
    counted.packets = packets_of(f);
    counted.bytes = bytes_of(f);
    finding.confidence = totals.reports >= 3 ? 85 : 75;
    if (!totals.pace.due(step, finding.severity, totals.packets)) return;
    finding.first_packet = totals.first;
    finding.headline =
        fmt::format("{} short report{} to {}", totals.reports, totals.reports == 1 ? "" : "s", address_and_port(f.remote, f.remote_port));
    finding.evidence.push_back("TCP 48101 is where Mirai bots report cracked devices, one short connection each");
    finding.evidence.push_back(fmt::format("{} bytes sent, {} received on the last one", f.payload_out, f.payload_in));
    finding.counter_evidence.push_back("the port alone proves nothing: passive FTP or a peer-to-peer client may end up on 48101");
    if (is_private(f.remote)) finding.counter_evidence.push_back("the peer is in a private network");
    totals.pace.fill(finding, step.time, totals.packets, totals.bytes);
    out.push_back(std::move(finding));
  }

  Settings settings_;
  BoundedMap<ConnectionKey, Counted> connections_;
  BoundedMap<std::string, Totals> paces_;
};

const Register<DetectorSpec> reg{detector<C2Report>("c2_report", "outbound reports to TCP 48101")};

}  // namespace
}  // namespace sekisho
