// Slow HTTP: requests that never end, kept alive by a header line now and then (slowloris).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "base/text.h"
#include "detect/detector.h"

namespace sekisho {
namespace {

class HttpSlow final : public Detector {
 public:
  struct Settings {
    std::int64_t lines_per_minute = 60;
  };
  static constexpr Field<Settings> fields[] = {
      {"lines_per_minute", &Settings::lines_per_minute, 5, 1'000'000,
       "lone header lines within a minute, towards or from one local address, that make an attack"}};

  explicit HttpSlow(Settings settings) : settings_(settings) {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const auto& s : step.seconds)
      if (!s.all && s.host != 0) judge(s, step, out);
  }

 private:
  struct Minute {
    std::array<std::uint32_t, 60> lines{};
    TimeNs second = 0;  // number of the second that was last filled
    TimeNs first = 0;
    std::uint64_t total = 0, told = 0;
    std::set<std::pair<Address, std::uint16_t>> connections;  // at most 512: "at least"
    TimeNs next = 0;
  };

  void judge(const Second& s, const Step& step, std::vector<Finding>& out) {
    const auto lines = fact(s, Fact::slow_http_lines);
    if (lines == 0) return;
    Minute& m = minutes_[{s.direction, s.address}];
    const TimeNs second = step.time / kSecond;
    if (m.first == 0) m.first = step.time - kSecond;
    if (second != m.second || step.last) {
      for (TimeNs i = std::max(m.second + 1, second - 59); i <= second; ++i) m.lines[static_cast<std::size_t>(i % 60)] = 0;
      m.lines[static_cast<std::size_t>(second % 60)] = static_cast<std::uint32_t>(lines);
      m.second = second, m.total += lines;
    }
    for (const auto& sample : s.samples)
      if (sample.host == s.host && sample.traffic_class == TrafficClass::tcp_data && sample.payload_bytes <= 64 &&
          m.connections.size() < 512)
        m.connections.emplace(sample.remote,
                              sample.remote_port == 80 || sample.remote_port == 8080 ? sample.local_port : sample.remote_port);
    const auto minute = std::accumulate(m.lines.begin(), m.lines.end(), std::uint64_t{0});
    if (minute < static_cast<std::uint64_t>(settings_.lines_per_minute) || step.time < m.next) return;
    m.next = step.time + 2 * kSecond;
    out.push_back(finding(s, step, m, minute));
  }

  static Finding finding(const Second& s, const Step& step, Minute& m, std::uint64_t minute) {
    Finding f;
    f.time = step.time;
    f.first_packet = m.first;
    f.label = "http_slow";
    f.direction = s.direction;
    f.subject = s.address;
    f.confidence = 85;
    f.severity = s.direction == Direction::egress ? Severity::high : Severity::medium;
    f.rate_pps = static_cast<double>(minute) / 60;
    f.packets = m.total - m.told;
    m.told = m.total;
    std::map<Address, std::uint64_t> peers;
    for (const auto& [address, port] : m.connections) ++peers[address];
    f.distinct_peers = peers.size();
    for (const auto& [address, n] : peers) f.top_peers.push_back({address, 0, n});
    std::stable_sort(f.top_peers.begin(), f.top_peers.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
    if (f.top_peers.size() > 20) f.top_peers.resize(20);
    f.headline = fmt::format("{} lone header lines within a minute on at least {} connections", minute, m.connections.size());
    f.evidence = {"requests are kept open by one header line at a time; clients send their headers at once",
                  fmt::format("{} addresses with completed handshakes: real sources", peers.size())};
    f.counter_evidence = {"a person typing HTTP by hand sends lone lines too, a few a minute"};
    f.selector.direction = s.direction;
    f.selector.locals = {s.address};
    f.selector.classes.set(index_of(TrafficClass::tcp_data));
    f.selector.classes.set(index_of(TrafficClass::http_request));
    (s.direction == Direction::ingress ? f.selector.local_ports : f.selector.remote_ports) = {80, 8080, 8000, 8888};
    return f;
  }

  Settings settings_;
  std::map<std::pair<Direction, Address>, Minute> minutes_;  // at most the rows of features
};

const Register<DetectorSpec> reg{detector<HttpSlow>("http_slow", "requests that never end, kept alive by a header line now and then")};

}  // namespace
}  // namespace sekisho
