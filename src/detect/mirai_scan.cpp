// SYNs whose sequence number equals their destination address: the stateless scanner of the Mirai family (FACTS section 2).
#include <fmt/format.h>

#include "detect/evidence.h"
#include "detect/scan_detector.h"

namespace sekisho {
namespace {

class MiraiScan final : public ScanDetector {
 public:
  struct Settings {
    std::int64_t wave_sources = 10;
    Milliseconds wave_window{300'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"wave_sources", &Settings::wave_sources, 2, 100'000, "distinct sources within wave_window that make a scan wave (medium)"},
      {"wave_window", &Settings::wave_window, 10'000, 3'600'000, "over how long the sources of a wave are counted"}};
  // No flood tool copies the address into the sequence number: the fingerprint needs no probation and yields to no flood.
  explicit MiraiScan(const Settings& s)
      : ScanDetector("mirai_scan",
                     {.wave_sources = static_cast<std::uint64_t>(s.wave_sources),
                      .wave_window = s.wave_window.count * kMillisecond,
                      .wave_on_telling_ports = false},
                     0) {}

 private:
  bool claims(const SourceFact& fact, const ScanContext& context) const override { return tcp_scan_label(fact, context) == "mirai_scan"; }
  void judge(const Campaign& c, const ScanContext&, Finding& f) const override;
};

void MiraiScan::judge(const Campaign& c, const ScanContext&, Finding& f) const {
  const auto& t = c.totals();
  const bool bare = t.bare_syns >= t.fingerprint_syns;
  const bool far = t.low_ttl * 2 < t.with_syn;
  f.confidence = (bare ? 97 : 95) - (far ? 10 : 0);
  std::vector<std::string> marks{
      fmt::format("the sequence number of {} of {} SYNs equals the destination address (Mirai's stateless scanner; "
                  "a chance match is 1 in 4.3e9)",
                  t.fingerprint_syns, t.syns)};
  if (bare) marks.push_back("no TCP options, as that scanner sends them");
  const double p23 = c.port_share(23), p2323 = c.port_share(2323);
  if (t.syns >= 50 && p23 + p2323 > 0.9) {
    const double share = p23 / (p23 + p2323);
    const bool original = share >= 0.80 && share <= 0.97;
    marks.push_back(fmt::format("ports 23 and 2323 in a ratio of {:.0f} to {:.0f}: {}", share * 100, (1 - share) * 100,
                                original ? "the original's 9 to 1" : "not the original's 9 to 1, a variant"));
  }
  f.evidence.insert(f.evidence.begin(), marks.begin(), marks.end());
  add_ports_clause(c, true, f);
  if (t.private_sources != 0) {
    // A scanner in one's own network is an infected neighbour, not background noise.
    f.severity = std::max(f.severity, Severity::medium);
    f.evidence.push_back(
        fmt::format("{} of the sources have a private address: an infected device in your own network", t.private_sources));
    f.advice = "Find the device with that private address, disconnect it, and reset it before it is connected again.";
  }
  if (far) f.counter_evidence.push_back("the TTL is above 64, which the original never sends");
  f.counter_evidence.push_back(t.completed == 0
                                   ? "no source completed a handshake: nothing here answered the scan, and the addresses are unproven"
                                   : fmt::format("{} of the sources completed a handshake: something here answers", t.completed));
}

const Register<DetectorSpec> reg{
    detector<MiraiScan>("mirai_scan", "SYNs with the Mirai fingerprint: the sequence number is the destination address")};

}  // namespace
}  // namespace sekisho
