// An optionless SYN, then within 10 s an ordinary connection from the same source to the same port: the scanner found something and
// its loader tries to log in (FACTS B5).
#include <fmt/format.h>

#include <algorithm>

#include "detect/port_table.h"
#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class ScanFollowup final : public ScanDetector {
 public:
  struct Settings {
    bool device_ports_only = false;
  };
  static constexpr Field<Settings> fields[] = {
      {"device_ports_only", &Settings::device_ports_only, 0, 0, "only where the port is one of telnet or of devices"}};
  explicit ScanFollowup(const Settings& s) : ScanDetector("scan_followup", {.single = Severity::low}, 0), settings_{s} {}

 private:
  bool claims(const SourceFact& f, const ScanContext&) const override {
    return f.followups != 0 && (!settings_.device_ports_only || f.device_port_syns != 0);
  }
  void judge(const Campaign& c, const ScanContext&, Finding& f) const override {
    const auto ports = c.port_numbers();
    const bool device = std::any_of(ports.begin(), ports.end(), [](std::uint16_t port) {
      const auto* entry = find_port(port);
      return entry != nullptr && entry->weight >= kTellingWeight;
    });
    const bool marked = c.totals().fingerprint_syns != 0;
    f.confidence = marked ? 97 : device ? 80 : 60;
    if (marked || device) f.severity = std::max(f.severity, Severity::medium);
    f.evidence.insert(
        f.evidence.begin(),
        fmt::format("a SYN without options, then within 10 s a completed connection with options to the same port, by {} {}{}",
                    c.distinct_sources(), c.distinct_sources() == 1 ? "source" : "sources",
                    marked ? "; the SYN carried the Mirai fingerprint" : ""));
    add_ports_clause(c, marked, f);
    f.selector.both_ways = true;
    f.counter_evidence.push_back("whether a login succeeded is not said by the handshake: look for a login finding of the same source");
    f.counter_evidence.push_back("surveys of the Internet connect to what answered as well");
  }
  Settings settings_;
};

const Register<DetectorSpec> reg{
    detector<ScanFollowup>("scan_followup", "an optionless SYN, then an ordinary connection from the same source")};

}  // namespace
}  // namespace sekisho
