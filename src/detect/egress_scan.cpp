// A local address contacts very many targets on one port, nearly all unanswered: propagation from inside (FACTS sections 2, 9, 10).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "detect/detector.h"
#include "detect/evidence.h"
#include "detect/port_table.h"

namespace sekisho {
namespace {

constexpr DurationNs kSettle = 1'500 * kMillisecond;  // answers need a round trip before their share says anything
constexpr DurationNs kReportEvery = 5 * kSecond;
constexpr DurationNs kForget = 15 * kMinute;
constexpr std::size_t kMaxStates = 1024;

class EgressScan final : public Detector {
 public:
  struct Settings {
    std::int64_t min_targets = 50;
    std::int64_t min_targets_minute = 100;
    double max_reply_share = 0.2;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_targets", &Settings::min_targets, 5, 100'000, "distinct destinations on one port within 10 s that look like a scan"},
      {"min_targets_minute", &Settings::min_targets_minute, 5, 100'000, "the same within 60 s"},
      {"max_reply_share", &Settings::max_reply_share, 0.01, 0.9, "share of attempts that were answered above which it is no scan"}};
  explicit EgressScan(const Settings& s) : settings_{s} {}
  void on_step(const Step& step, std::vector<Finding>& out) override;

 private:
  using Key = std::tuple<Address, std::uint8_t, std::uint16_t>;
  struct State {
    FanoutFact fact;               // the latest
    FanoutFact height;             // when it was judged with the most targets: what the text tells
    double all_ports_targets = 0;  // distinct targets of this address over all ports, at that time
    TimeNs crossed = 0;            // when the number of targets was first too large; 0 = it is not
    TimeNs last_report = 0;
    TimeNs first_packet = 0;
    std::uint64_t reported_attempts = 0, reported_fingerprints = 0;
    bool fired = false, news = false;
  };
  void judge(State& s, const Step& step, std::vector<Finding>& out) const;
  bool too_many(const FanoutFact& f) const;
  bool peer_to_peer(const State& s, TimeNs now) const;
  void report(State& s, TimeNs now, std::vector<Finding>& out) const;

  Settings settings_;
  std::map<Key, State> states_;
  std::map<Address, TimeNs> in_dht_;  // local addresses whose UDP is BitTorrent's DHT for the most part, and when that was last seen
  bool answers_seen_ = false;
};

double reply_share(const FanoutFact& f) {
  return f.attempts == 0 ? 0 : std::min(1.0, static_cast<double>(f.answered) / static_cast<double>(f.attempts));
}

// What the targets were told: a crawler asks for pages, a peer greets peers, a scanner knocks.
std::string payload_words(const FanoutFact& f) {
  if (f.protocol == kUdp)
    return f.peer_to_peer_talks == 0
               ? std::string{"payload: no first packet is a query of BitTorrent's DHT"}
               : fmt::format("payload: {} of {} first packets are queries of BitTorrent's DHT", f.peer_to_peer_talks, f.attempts);
  if (f.answered == 0) return "payload: none was sent, since nobody answered";
  return fmt::format("payload: of {} that answered {} were sent an HTTP request or a TLS hello and {} a BitTorrent handshake", f.answered,
                     f.web_talks, f.peer_to_peer_talks);
}

bool EgressScan::too_many(const FanoutFact& f) const {
  // UDP is cheap and often unanswered by nature; without the other direction nothing is known of answers: both need more.
  double factor = f.protocol == kTcp ? 1 : 2;
  if (!answers_seen_) {
    if (f.port == 80 || f.port == 443 || f.port == 53 || f.port == 123) return false;
    factor *= 3;
  }
  return f.distinct_remotes >= static_cast<double>(settings_.min_targets) * factor ||
         f.distinct_remotes_minute >= static_cast<double>(settings_.min_targets_minute) * factor;
}

// Peers of a peer-to-peer network listen on ever different ports and are greeted as such; a scanner's targets share a few, and it only
// knocks. Words are cheap (a bot could say them), so they do not count on the ports of devices.
bool EgressScan::peer_to_peer(const State& s, TimeNs now) const {
  const auto* entry = find_port(s.fact.port);
  if (s.fact.port < 1024 || (entry != nullptr && s.fact.protocol == kTcp)) return false;
  const auto spoken_to = s.fact.protocol == kTcp ? s.fact.answered : s.fact.attempts;
  if (s.fact.peer_to_peer_talks * 2 >= spoken_to) {
    // Where most peers are gone, too few answer to be greeted: then the host's DHT, which knows their addresses, speaks for it.
    const auto dht = in_dht_.find(s.fact.local);
    if (s.fact.peer_to_peer_talks >= 5 || (dht != in_dht_.end() && now - dht->second < kMinute)) return true;
  }
  const double spread = s.all_ports_targets / std::max(1.0, std::max(s.fact.distinct_remotes, s.fact.distinct_remotes_minute));
  return spread > (s.fact.protocol == kTcp ? 3 : 2);
}

void EgressScan::report(State& s, TimeNs now, std::vector<Finding>& out) const {
  auto fact = s.fact;
  const auto targets_of = [](const FanoutFact& f) { return std::max(f.distinct_remotes, f.distinct_remotes_minute); };
  if (targets_of(fact) >= targets_of(s.height) && fact.attempts >= s.height.attempts / 2) s.height = fact;
  fact.attempts = s.height.attempts;
  fact.answered = s.height.answered;
  fact.refused = s.height.refused;
  fact.web_talks = s.height.web_talks;
  fact.peer_to_peer_talks = s.height.peer_to_peer_talks;
  fact.distinct_remotes = s.height.distinct_remotes;
  fact.distinct_remotes_minute = s.height.distinct_remotes_minute;
  const double targets = targets_of(fact);
  const double replies = reply_share(fact);
  const auto name = fmt::format("{}/{}", fact.protocol == kTcp ? "TCP" : fact.protocol == kUdp ? "UDP" : "protocol", fact.port);
  Finding f;
  f.time = now;
  f.first_packet = s.first_packet;
  f.label = "egress_scan";
  f.direction = Direction::egress;
  f.subject = fact.local;
  f.packets = fact.total_attempts - s.reported_attempts;
  f.bytes = f.packets * 60;  // a SYN on Ethernet; events carry no sizes
  const auto window = std::max(now - (s.fired ? s.last_report : s.first_packet), kSecond);
  f.rate_pps = static_cast<double>(f.packets) * kSecond / static_cast<double>(window);
  f.rate_bps = f.rate_pps * 480;
  f.distinct_peers = static_cast<std::uint64_t>(targets + 0.5);
  f.remote_ports = {{fact.port, fact.total_attempts}};
  for (const auto& remote : fact.sample_remotes)
    if (remote != Address{}) f.top_peers.push_back({remote, fact.port, 1});
  f.headline = fmt::format("about {} targets on {}, {} answered", format_count(f.distinct_peers), name, percent(replies));

  const auto* entry = fact.protocol == kTcp ? find_port(fact.port) : nullptr;
  const bool worm_port =
      (entry != nullptr && entry->weight >= kTellingWeight) || (fact.protocol == kTcp && (fact.port == 445 || fact.port == 139));
  f.severity = Severity::high;
  if (fact.fingerprint_syns != 0) {
    f.confidence = 99;
    f.severity = Severity::critical;
    f.evidence.push_back(fmt::format(
        "{} outgoing SYNs carry the destination address as sequence number: Mirai's scanner runs here (a chance match is 1 in 4.3e9)",
        fact.fingerprint_syns));
    if (auto who = attribution(true, std::span{&fact.port, 1}); !who.empty()) f.evidence.push_back(std::move(who));
  } else {
    f.confidence = std::min(95, 70 + (targets >= 200 ? 10 : 0) + (replies < 0.05 ? 8 : 0) + (worm_port ? 8 : 0)) - (answers_seen_ ? 0 : 20);
    if (auto who = attribution(false, std::span{&fact.port, 1}); !who.empty() && worm_port) f.evidence.push_back(std::move(who));
  }
  f.evidence.push_back(fmt::format("{} distinct destinations on {} within {} (threshold {})", format_count(f.distinct_peers), name,
                                   fact.distinct_remotes >= static_cast<double>(settings_.min_targets) ? "10 s" : "60 s",
                                   settings_.min_targets));
  if (answers_seen_)
    f.evidence.push_back(fmt::format("of {} attempts in 10 s {} were answered and {} refused; a crawler or resolver is answered by most",
                                     fact.attempts, fact.answered, fact.refused));
  if (s.all_ports_targets > 0)
    f.evidence.push_back(fmt::format("{} of this address's targets are on this port: peer-to-peer traffic spreads over many",
                                     percent(std::min(1.0, targets / std::max(targets, s.all_ports_targets)))));
  f.evidence.push_back(payload_words(fact));
  f.evidence.push_back(fmt::format("verdict: scan, neither a crawler ({}) nor peer-to-peer ({})",
                                   answers_seen_ ? fmt::format("its sites would answer, here {} did", percent(replies))
                                                 : std::string{"not on a crawler's ports; answers were not captured"},
                                   s.all_ports_targets > targets ? "its peers listen on many ports, these targets share one"
                                                                 : "its peers listen on many ports, here there is one"));
  if (fact.private_targets * 2 > fact.total_attempts)
    f.evidence.push_back("most targets are private addresses: it spreads inside your network");
  // Apart, since providers see these in their own network and complain about them first.
  if (fact.private_targets > 0) {
    f.evidence.push_back(
        fmt::format("{} of {} attempts leak to addresses that are not of the Internet: {} to private ones, {} to a provider's shared range "
                    "(100.64.0.0/10)",
                    fact.private_targets, fact.total_attempts, fact.private_targets - fact.shared_targets, fact.shared_targets));
  }

  if (!answers_seen_)
    f.counter_evidence.push_back(
        "only one direction was captured: answers could not be seen, so three times as many targets were asked for");
  if (fact.fingerprint_syns == 0) f.counter_evidence.push_back("no outgoing SYN carries the Mirai fingerprint");
  f.counter_evidence.push_back("a vulnerability scanner or monitoring of your own looks the same: is one installed here?");
  f.advice =
      "Isolate this host now and keep it powered for forensics; find the process that owns the connections (ss -tnp, ss -w -a); treat the "
      "host as "
      "untrusted until it is re-imaged from a known-good snapshot.";
  f.selector.direction = Direction::egress;
  f.selector.locals = {fact.local};
  f.selector.remote_ports = {fact.port};
  f.selector.both_ways = true;
  s.reported_attempts = fact.total_attempts;
  s.reported_fingerprints = fact.fingerprint_syns;
  s.last_report = now;
  s.fired = true;
  s.news = false;
  out.push_back(std::move(f));
}

void EgressScan::on_step(const Step& step, std::vector<Finding>& out) {
  for (const auto& s : step.seconds)
    if (s.direction == Direction::ingress || s.reverse_ever) answers_seen_ = true;

  const FanoutFact* all_ports = nullptr;  // sorted: port 0 comes before the ports of the same address and protocol
  for (const auto& fact : step.fanouts) {
    if (fact.port == 0) {
      all_ports = &fact;
      if (fact.protocol == kUdp && fact.peer_to_peer_talks >= 10 && fact.peer_to_peer_talks * 2 >= fact.attempts &&
          (in_dht_.contains(fact.local) || in_dht_.size() < kMaxStates))
        in_dht_[fact.local] = step.time;
      continue;
    }
    const Key key{fact.local, fact.protocol, fact.port};
    auto found = states_.find(key);
    if (found == states_.end()) {
      if (states_.size() >= kMaxStates || (!too_many(fact) && fact.fingerprint_syns == 0)) continue;
      found = states_.emplace(key, State{}).first;
    }
    auto& state = found->second;
    state.news |= fact.total_attempts != state.fact.total_attempts;
    state.fact = fact;
    if (all_ports != nullptr && all_ports->local == fact.local && all_ports->protocol == fact.protocol)
      state.all_ports_targets = std::max(all_ports->distinct_remotes, all_ports->distinct_remotes_minute);
  }

  std::erase_if(in_dht_, [&](const auto& entry) { return step.time - entry.second > kForget; });
  for (auto it = states_.begin(); it != states_.end();) {
    judge(it->second, step, out);
    it = step.time - it->second.fact.last_seen > kForget ? states_.erase(it) : std::next(it);
  }
}

void EgressScan::judge(State& state, const Step& step, std::vector<Finding>& out) const {
  const bool due = !state.fired || step.last || step.time - state.last_report >= kReportEvery;
  if (state.fact.fingerprint_syns > state.reported_fingerprints) {
    if (!state.fired) state.first_packet = state.fact.first_seen;
    if (due) report(state, step.time, out);
    return;
  }
  if (!too_many(state.fact)) {
    state.crossed = 0;
    return;
  }
  if (state.crossed == 0) {
    state.crossed = step.time;
    if (!state.fired) state.first_packet = std::max(state.fact.first_seen, step.time - kMinute);
  }
  const bool settled = step.time - state.crossed >= kSettle || step.last;
  if (settled && due && state.news && reply_share(state.fact) < settings_.max_reply_share && !peer_to_peer(state, step.time))
    report(state, step.time, out);
}

const Register<DetectorSpec> reg{
    detector<EgressScan>("egress_scan", "a local address contacts very many targets on one port, nearly all unanswered")};

}  // namespace
}  // namespace sekisho
