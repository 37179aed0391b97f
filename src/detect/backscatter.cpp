// Answers that nobody here asked for, from servers, at a low rate: somebody attacks them with our address. No flood and no scan.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "detect/detector.h"
#include "detect/evidence.h"

namespace sekisho {
namespace {

constexpr DurationNs kReportEvery = 30 * kSecond;
constexpr DurationNs kProbation = kSecond;  // the first moments of a flood look the same
constexpr DurationNs kFloodRemembered = 30 * kSecond;
constexpr DurationNs kSilence = 15 * kMinute;
constexpr std::size_t kMaxPeers = 1024, kMaxLocals = 256, kMaxPorts = 256, kTop = 20;
constexpr double kSynAckFloodPps = 200, kRstFloodPps = 300;  // from here on the flood detectors speak

bool is_backscatter(TrafficClass c) {
  return c == TrafficClass::tcp_syn_ack_unasked || c == TrafficClass::tcp_rst || c == TrafficClass::icmp_unreachable;
}

template <class Key>
void count_bounded(std::map<Key, std::uint64_t>& counts, const Key& key, std::uint64_t n, std::size_t bound) {
  if (counts.size() < bound || counts.contains(key)) counts[key] += n;
}

class Backscatter final : public Detector {
 public:
  struct Settings {
    std::int64_t min_packets = 10;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_packets", &Settings::min_packets, 3, 100'000,
       "unasked SYN-ACKs within ten minutes that count as backscatter; five times as many RSTs alone"}};
  explicit Backscatter(const Settings& s) : settings_{s} {}
  void on_step(const Step& step, std::vector<Finding>& out) override;

 private:
  struct Minute {
    TimeNs start = -1;
    std::uint64_t syn_acks = 0, resets = 0, unreachables = 0, bytes = 0;
    std::uint64_t followed = 0;  // ACKs and data of no known connection: its other half is not captured
    std::uint64_t own_syns = 0;
  };
  Minute& minute(TimeNs now);
  Minute recent(TimeNs now) const;
  void count(const Step& step, const Second& all);
  void forget();
  bool decided(const Minute& m) const;
  void report(const Step& step, const Minute& sum, std::vector<Finding>& out);

  Settings settings_;
  std::array<Minute, 10> minutes_{};
  std::map<Address, std::uint64_t> peers_;
  std::map<std::uint16_t, std::uint64_t> ports_;
  std::set<Address> locals_;
  std::uint64_t new_packets_ = 0, new_bytes_ = 0, total_ = 0;
  Minute height_;  // the ten minutes with the most of it: what the text tells
  double fastest_pps_ = 0;
  bool active_ = false;  // said once, every further packet belongs to it until a quarter of an hour is silent
  TimeNs flood_until_ = 0;
  TimeNs first_ = 0, new_first_ = 0, last_report_ = 0, last_packet_ = 0;
};

Backscatter::Minute& Backscatter::minute(TimeNs now) {
  const auto start = now - now % kMinute;
  auto& m = minutes_[static_cast<std::size_t>(start / kMinute) % minutes_.size()];
  if (m.start != start) {
    m = {};
    m.start = start;
  }
  return m;
}

Backscatter::Minute Backscatter::recent(TimeNs now) const {
  Minute sum;
  for (const auto& m : minutes_) {
    if (m.start < 0 || m.start <= now - 10 * kMinute) continue;
    sum.syn_acks += m.syn_acks;
    sum.resets += m.resets;
    sum.unreachables += m.unreachables;
    sum.followed += m.followed;
    sum.own_syns += m.own_syns;
  }
  return sum;
}

void Backscatter::count(const Step& step, const Second& all) {
  using enum TrafficClass;
  const auto in_step = [&](TrafficClass c) { return all.step[index_of(c)].packets; };
  minute(step.time).followed += in_step(tcp_ack_unknown);
  const auto syn_acks = in_step(tcp_syn_ack_unasked), resets = in_step(tcp_rst), unreachables = in_step(icmp_unreachable);
  if (syn_acks + resets + unreachables == 0) return;
  if (static_cast<double>(packets(all, tcp_syn_ack_unasked)) >= kSynAckFloodPps ||
      static_cast<double>(packets(all, tcp_rst)) >= kRstFloodPps) {
    flood_until_ = step.time + kFloodRemembered;
    if (!active_) forget();  // what came before was its beginning
  }
  if (step.time < flood_until_) return;
  if (last_packet_ != 0 && step.time - last_packet_ > kSilence) forget();
  last_packet_ = step.time;
  auto& m = minute(step.time);
  m.syn_acks += syn_acks;
  m.resets += resets;
  m.unreachables += unreachables;
  const auto n = syn_acks + resets + unreachables;
  total_ += n;
  new_packets_ += n;
  for (const auto c : {tcp_syn_ack_unasked, tcp_rst, icmp_unreachable}) new_bytes_ += all.step[index_of(c)].bytes;
  for (const auto& sample : all.samples) {
    if (sample.time < step.time - step.length || !belongs_to(sample, all) || !is_backscatter(sample.traffic_class)) continue;
    if (first_ == 0) first_ = sample.time;
    if (new_first_ == 0) new_first_ = sample.time;
    count_bounded(peers_, sample.remote, 1, kMaxPeers);
    if (sample.remote_port != 0) count_bounded(ports_, sample.remote_port, 1, kMaxPorts);
  }
  for (const auto& row : step.seconds) {
    if (row.all || row.v6 != all.v6 || row.direction != Direction::ingress || locals_.size() >= kMaxLocals) continue;
    if (std::any_of(row.step.begin(), row.step.end(),
                    [&](const ClassCount& c) { return c.packets != 0 && is_backscatter(static_cast<TrafficClass>(&c - row.step.data())); }))
      locals_.insert(row.address);
  }
}

void Backscatter::forget() {
  minutes_ = {};
  peers_.clear();
  ports_.clear();
  locals_.clear();
  total_ = new_packets_ = new_bytes_ = 0;
  active_ = false;
  height_ = {};
  fastest_pps_ = 0;
  first_ = new_first_ = 0;
}

bool Backscatter::decided(const Minute& m) const {
  const auto asked = static_cast<std::uint64_t>(settings_.min_packets);
  const auto n = m.syn_acks + m.resets;
  if (m.followed * 2 > n) return false;  // a capture that begins late, or holds one direction of ordinary connections
  if (m.syn_acks >= asked) return true;
  return m.resets >= 5 * asked && m.own_syns == 0;
}

void Backscatter::report(const Step& step, const Minute& sum, std::vector<Finding>& out) {
  if (sum.syn_acks + sum.resets >= height_.syn_acks + height_.resets) height_ = sum;
  const auto& m = height_;
  Finding f;
  f.time = step.time;
  f.first_packet = new_first_ != 0 ? new_first_ : step.time;
  f.label = "backscatter";
  f.merge_key = "backscatter";
  f.has_subject = locals_.size() == 1;
  if (f.has_subject) f.subject = *locals_.begin();
  f.severity = Severity::info;
  f.packets = new_packets_;
  f.bytes = new_bytes_;
  const auto seconds = static_cast<double>(std::max(step.time - (last_report_ != 0 ? last_report_ : f.first_packet), kSecond)) / kSecond;
  f.rate_pps = static_cast<double>(new_packets_) / seconds;
  f.rate_bps = static_cast<double>(new_bytes_) * 8 / seconds;
  fastest_pps_ = std::max(fastest_pps_, f.rate_pps);
  f.distinct_peers = peers_.size();
  for (const auto& [address, n] : peers_) f.top_peers.push_back({address, 0, n});
  std::stable_sort(f.top_peers.begin(), f.top_peers.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
  if (f.top_peers.size() > kTop) f.top_peers.resize(kTop);
  for (const auto& [port, n] : ports_) f.remote_ports.push_back({port, n});
  std::stable_sort(f.remote_ports.begin(), f.remote_ports.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
  if (f.remote_ports.size() > kTop) f.remote_ports.resize(kTop);
  f.confidence = m.syn_acks >= static_cast<std::uint64_t>(settings_.min_packets) ? (m.syn_acks >= 30 ? 90 : 80) : 65;
  f.headline =
      fmt::format("{} answers that nobody asked for, from {} {} to {} {} of ours", format_count(total_), format_count(peers_.size()),
                  peers_.size() == 1 ? "server" : "servers", locals_.size() >= kMaxLocals ? "more than 256" : format_count(locals_.size()),
                  locals_.size() == 1 ? "address" : "addresses");
  f.evidence.push_back(fmt::format("within ten minutes {} SYN-ACKs without a SYN of ours, {} RSTs and {} ICMP unreachables", m.syn_acks,
                                   m.resets, m.unreachables));
  if (!f.remote_ports.empty())
    f.evidence.push_back(fmt::format("they come from port {} of the {}: services under attack with forged senders",
                                     f.remote_ports.front().port, peers_.size() == 1 ? "server" : "servers"));
  f.counter_evidence.push_back(
      fmt::format("at most {}, far below a flood: reflection that aims at us would be 200/s and more", format_rate_pps(fastest_pps_)));
  f.counter_evidence.push_back("a SYN-ACK opens nothing: it is no scan of ours");
  f.selector.direction = Direction::ingress;
  for (const auto c : {TrafficClass::tcp_syn_ack_unasked, TrafficClass::tcp_rst, TrafficClass::icmp_unreachable})
    f.selector.classes.set(index_of(c));
  if (peers_.size() <= kMaxSelected)
    for (const auto& [address, n] : peers_) f.selector.remotes.push_back(address);
  active_ = true;
  new_packets_ = new_bytes_ = 0;
  new_first_ = 0;
  last_report_ = step.time;
  out.push_back(std::move(f));
}

void Backscatter::on_step(const Step& step, std::vector<Finding>& out) {
  for (const auto& s : step.seconds) {
    if (!s.all) continue;
    if (s.direction == Direction::ingress)
      count(step, s);
    else
      minute(step.time).own_syns += s.step[index_of(TrafficClass::tcp_syn)].packets + s.step[index_of(TrafficClass::tcp_syn_bare)].packets;
  }
  if (new_packets_ == 0 || (last_report_ != 0 && step.time - last_report_ < kReportEvery && !step.last)) return;
  if (!step.last && step.time - first_ < kProbation) return;
  if (const auto m = recent(step.time); active_ || decided(m)) report(step, m, out);
}

const Register<DetectorSpec> reg{
    detector<Backscatter>("backscatter", "unasked answers of servers at a low rate: our address is being spoofed")};

}  // namespace
}  // namespace sekisho
