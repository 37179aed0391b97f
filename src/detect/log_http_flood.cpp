// Requests far above normal in an access log, with something that says attack: one path, one agent, one source, errors.
#include "detect/log_detector.h"
#include "detect/log_findings.h"

namespace sekisho {
namespace {

class LogHttpFlood final : public LogDetector {
 public:
  struct Settings {
    std::int64_t floor_rps = 100, times_normal = 5, source_rps = 50;
  };
  static constexpr Field<Settings> fields[] = {
      {"floor_rps", &Settings::floor_rps, 5, 10'000'000, "requests a second below which nothing is a flood"},
      {"times_normal", &Settings::times_normal, 2, 1'000, "how many times the normal rate (median of the last busy seconds) is a flood"},
      {"source_rps", &Settings::source_rps, 10, 1'000'000, "requests a second of one source over ten seconds that are a flood"}};
  explicit LogHttpFlood(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const RequestFact& f : step.requests) on_second(f, step, out);
    const bool flood = began_ != 0 && step.time - last_told_ <= 3 * kSecond;
    for (const RequestSourceFact& f : step.request_sources) {
      if (f.requests_10s >= 10 * settings_.source_rps || (flood && f.requests_10s >= kMemberRequests))
        offenders_.add("http_flood", std::string{kMergeKey}, f.source.base, f.requests_10s);
      if (f.requests_10s >= 10 * settings_.source_rps) on_source(f, step, out);
    }
  }
  void take_offenders(std::vector<Offender>& out) override { offenders_.take(out); }

 private:
  void on_second(const RequestFact& r, const LogStep& step, std::vector<Finding>& out) {
    // Before a minute is known, the floor is twice as high.
    const bool learned = r.learned_seconds >= 60;
    const double floor = static_cast<double>(settings_.floor_rps) * (learned ? 1 : 2);
    const double threshold = std::max(floor, learned ? r.normal_rps * static_cast<double>(settings_.times_normal) : 0.0);
    const bool above = r.requests >= threshold;
    if (step.time - last_above_ > 3 * kSecond) above_ = 0;
    if (!above) return;
    ++above_;
    last_above_ = step.time;
    const auto share = [&](std::uint32_t n) { return static_cast<double>(n) / r.requests; };
    const double path = share(r.top_path.requests), agent = share(r.top_agent.requests), source = share(r.top_sources[0].requests),
                 errors = share(r.client_errors + r.server_errors);
    const bool evidence = path >= 0.5 || agent >= 0.6 || source >= 0.5 || errors >= 0.5;
    if (above_ < 2 || !evidence) return;
    if (began_ == 0 || step.time - last_told_ > 60 * kSecond) began_ = step.time - 2 * kSecond;
    last_told_ = step.time;

    Finding f = log_finding("http_flood", step, std::string{kMergeKey});
    f.first_packet = began_;
    f.packets = r.requests;
    f.rate_pps = r.requests;
    f.normal_pps = learned ? r.normal_rps : 0;
    const double times = r.requests / threshold;
    f.severity = times >= 10 || share(r.server_errors) > 0.2 ? Severity::high : Severity::medium;
    f.confidence = std::min(95, 60 +
                                    (path >= 0.8   ? 12
                                     : path >= 0.5 ? 6
                                                   : 0) +
                                    (agent >= 0.8 ? 8 : 0) + (errors >= 0.5 ? 8 : 0) + (source >= 0.5 ? 8 : 0) + (learned ? 5 : 0));
    f.distinct_peers = r.sources;
    f.list_total = r.requests;  // of this second: shares add up over the findings
    for (const auto& s : r.top_sources)
      if (s.requests) f.top_peers.push_back({s.source.base, 0, s.requests}), f.selector.remotes.push_back(s.source.base);
    f.headline = learned && r.normal_rps > 0
                     ? fmt::format("{} requests/s (x{:.0f} of normal {:.0f}/s) from {} source{}", format_count(r.requests),
                                   r.requests / r.normal_rps, r.normal_rps, format_count(r.sources), plural(r.sources))
                     : fmt::format("{} requests/s from {} source{}", format_count(r.requests), format_count(r.sources), plural(r.sources));
    const auto part = [&](double s, std::string_view what, std::string_view text) {
      if (s >= 0.5) f.evidence.push_back(fmt::format("{:.0f} % have one {}: {}", s * 100, what, quoted_text(text)));
    };
    part(path, "path", r.top_path.text), part(agent, "agent", r.top_agent.text);
    if (source >= 0.5) f.evidence.push_back(fmt::format("{:.0f} % come from {}", source * 100, to_string(r.top_sources[0].source)));
    if (errors >= 0.5) f.evidence.push_back(fmt::format("{:.0f} % are answered with an error", errors * 100));
    if (share(r.server_errors) > 0.2)
      f.evidence.push_back(fmt::format("the server itself fails: {:.0f} % answers of class 5xx", share(r.server_errors) * 100));
    if (!learned)
      f.counter_evidence.push_back(
          fmt::format("no history to compare with ({} s seen): the threshold is twice the floor", r.learned_seconds));
    if (errors < 0.1)
      f.counter_evidence.push_back("nearly all requests are answered without error: a crowd or a load test of your own looks alike");
    if (f.counter_evidence.empty()) f.counter_evidence.push_back("an access log shows finished requests only");
    out.push_back(std::move(f));
  }

  void on_source(const RequestSourceFact& s, const LogStep& step, std::vector<Finding>& out) {
    if (sources_.size() >= 1024 && !sources_.contains(s.source)) sources_.erase(sources_.begin());
    auto& pace = sources_[s.source];
    if (!pace.due(step, Severity::low, s.requests)) return;
    Finding f = log_finding("http_flood", step, std::string{kMergeKey});
    f.severity = Severity::low;
    f.confidence = 60;
    f.first_packet = std::max(s.first_seen, step.time - 10 * kSecond);
    f.distinct_peers = 1;
    f.top_peers.push_back({s.source.base, 0, s.requests});
    f.selector.remotes = {s.source.base};
    f.headline = fmt::format("{} sends {} requests/s over ten seconds", to_string(s.source), s.requests_10s / 10);
    f.evidence.push_back(fmt::format("one source: {} requests within ten seconds", format_count(s.requests_10s)));
    f.counter_evidence.push_back("a proxy, a crawler or a monitor of your own sends as much");
    pace.fill(f, step, s.requests);
    out.push_back(std::move(f));
  }

  static constexpr std::string_view kMergeKey = "http_flood log";
  // Within ten seconds, while a flood goes on: more than a visitor's browser asks for, again and again.
  static constexpr std::uint32_t kMemberRequests = 50;
  Settings settings_;
  Offenders offenders_;
  unsigned above_ = 0;
  TimeNs last_above_ = 0, began_ = 0, last_told_ = 0;
  std::map<Network, LogPace> sources_;
};

const Register<LogDetectorSpec> reg{log_detector<LogHttpFlood>("log_http_flood", "requests far above normal in an access log")};

}  // namespace
}  // namespace sekisho
