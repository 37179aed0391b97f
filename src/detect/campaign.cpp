// Sums, windows and the shared text of scan campaigns.
#include "detect/campaign.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "detect/evidence.h"
#include "detect/port_table.h"
#include "detect/scan_context.h"
#include "model/device_ports.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxPeers = 4096, kMaxLocals = 256, kMaxPorts = 1024, kTop = 20;
constexpr std::size_t kDay = 1440;  // minutes
constexpr Distinct::Stamp kEver = 1;

bool is_telling(const SourceFact& f) {
  return std::any_of(f.ports.begin(), f.ports.end(), [](const SourcePort& p) { return p.port != 0 && is_telling_port(p.port); });
}

double share_of(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace

void Campaign::reset() {
  totals_ = {};
  peers_.clear();
  peers_trimmed_ = false;
  distinct_.clear();
  locals_.clear();
  many_locals_ = false;
  ports_.clear();
  other_ports_ = 0;
  most_ports_ = most_locals_ = 0;
  most_failures_ = its_successes_ = 0;
  fastest_pps_ = 0;
  reported_ = wave_ = wave_told_ = false;
  new_packets_ = new_bytes_ = 0;
  new_first_ = 0;
}

void Campaign::add(const SourceFact& f, TimeNs now) {
  if (last_add_ != 0 && now - last_add_ > rules_.idle) reset();
  last_add_ = now;
  distinct_.add(keyed_hash({}, f.remote.high, f.remote.low), kEver);
  const auto [peer, fresh] = peers_.find_or_add(f.remote, f.hash);
  const bool forgotten = fresh && peers_trimmed_;  // perhaps counted before: only what is new is safe
  const bool restarted = f.packets < peer.fact_packets;
  const auto gained = [&](std::uint64_t total, std::uint64_t before) { return restarted ? total : total - std::min(total, before); };
  const auto packets = forgotten ? f.new_packets : gained(f.packets, peer.fact_packets);
  const auto bytes = forgotten ? f.new_bytes : gained(f.bytes, peer.fact_bytes);
  const auto syns = forgotten ? f.new_syns : gained(f.syns, peer.fact_syns);

  auto& t = totals_;
  t.first_seen = t.first_seen == 0 ? f.first_seen : std::min(t.first_seen, f.first_seen);
  new_first_ = new_first_ == 0 ? f.first_seen : std::min(new_first_, f.first_seen);
  t.packets += packets;
  t.bytes += bytes;
  new_packets_ += packets;
  new_bytes_ += bytes;
  t.syns += syns;
  const auto part = [&](std::uint32_t some) { return f.syns == 0 ? 0 : (syns * std::min(some, f.syns) + f.syns / 2) / f.syns; };
  t.bare_syns += part(f.bare_syns);
  t.fingerprint_syns += part(f.fingerprint_syns);
  std::uint64_t named = 0;
  for (std::size_t i = 0; i < f.ports.size() && !forgotten; ++i) {
    const auto& p = f.ports[i];
    const auto n = gained(p.syns, peer.port_syns[i]);
    peer.port_syns[i] = static_cast<std::uint16_t>(std::min(p.syns, 0xffffU));
    if (n == 0) continue;
    named += n;
    if (const auto at = ports_.find(p.port); at != ports_.end())
      at->second += n;
    else if (ports_.size() < kMaxPorts)
      ports_.emplace(p.port, n);
  }
  other_ports_ += syns - std::min<std::uint64_t>(syns, named);
  peer.fact_packets = f.packets;
  peer.fact_bytes = f.bytes;
  peer.fact_syns = f.syns;
  peer.packets += packets;
  offenders_.add(label_, merge_key_, f.remote, peer.packets);

  if (fresh) {
    ++t.sources;
    t.with_syn += f.syns != 0;
    t.high_ports += f.syns != 0 && f.sport >= 32'768;
    t.low_ttl += f.syns != 0 && f.ttl <= 64;
    t.private_sources += is_private(f.remote);
  }
  count_minute(now, fresh ? 1 : 0);
  peer.last = now;
  peer.telling |= is_telling(f);
  const auto once = [](bool& seen, bool is, std::uint64_t& counter) {
    if (is && !seen) seen = true, ++counter;
  };
  once(peer.several, f.syns >= 3, t.several_syns);
  const bool constant = f.constant_sport && f.constant_window;
  if (constant != peer.constant) {
    peer.constant = constant;
    constant ? ++t.constant : --t.constant;
  }
  once(peer.completed, f.handshakes != 0, t.completed);
  once(peer.refused, f.refused != 0, t.refused);
  trim_peers();

  many_locals_ |= f.distinct_locals > 1;
  if (f.last_local != Address{} && locals_.size() < kMaxLocals) locals_.insert(f.last_local);
  most_ports_ = std::max(most_ports_, f.distinct_ports);
  most_locals_ = std::max(most_locals_, f.distinct_locals);
  fastest_pps_ = std::max(fastest_pps_, syn_rate_pps(f));
  if (f.failures > most_failures_) {
    most_failures_ = f.failures;
    its_successes_ = f.successes;
  }
}

void Campaign::trim_peers() {
  if (peers_.size() <= kMaxPeers) return;
  peers_trimmed_ = true;  // from here on the sketch counts
  std::vector<TimeNs> times;
  times.reserve(peers_.size());
  for (const auto& entry : peers_) times.push_back(entry.value.last);
  std::nth_element(times.begin(), times.begin() + kMaxPeers / 2, times.end());
  const auto middle = times[kMaxPeers / 2];
  std::size_t excess = kMaxPeers / 2;
  peers_.keep_if([&](const Peer& peer) { return excess == 0 || peer.last > middle || excess-- == 0; });
}

void Campaign::count_minute(TimeNs now, std::uint64_t fresh) {
  if (now >= minute_start_ && now - minute_start_ < kMinute && !minutes_.empty()) {
    minutes_.back() += static_cast<std::uint32_t>(fresh);
    return;
  }
  const auto start = now - now % kMinute;
  if (minutes_.empty()) {
    minutes_.push_back(0);
    minute_start_ = start;
  }
  for (std::size_t n = 0; minute_start_ < start && n < kDay; ++n, minute_start_ += kMinute) minutes_.push_back(0);
  minute_start_ = std::max(minute_start_, start);
  while (minutes_.size() > kDay) minutes_.pop_front();
  minutes_.back() += static_cast<std::uint32_t>(fresh);
}

std::uint64_t Campaign::distinct_sources() const {
  if (!peers_trimmed_) return peers_.size();
  return std::max<std::uint64_t>(peers_.size(), static_cast<std::uint64_t>(distinct_.count(kEver, 2)));
}

void Campaign::look_for_wave(TimeNs now) {
  if (wave_ || now < next_look_) return;
  next_look_ = now + kSecond;
  const auto recent = static_cast<std::uint64_t>(std::count_if(peers_.begin(), peers_.end(), [&](const auto& entry) {
    return entry.value.last > now - rules_.wave_window && (entry.value.telling || !rules_.wave_on_telling_ports);
  }));
  if (recent < rules_.wave_sources) return;
  if (minutes_.size() >= 60) {
    std::vector<std::uint32_t> sorted{minutes_.begin(), minutes_.end()};
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    const double usual = sorted[sorted.size() / 2] * (static_cast<double>(rules_.wave_window) / kMinute);
    if (static_cast<double>(recent) <= 3 * usual) return;
  }
  wave_ = true;
}

bool Campaign::due(TimeNs now, bool last) {
  if (new_packets_ == 0) return false;
  if (last) next_look_ = 0;
  look_for_wave(now);
  return !reported_ || last || now - last_report_ >= rules_.report_every || (wave_ && !wave_told_);
}

std::vector<PortFact> Campaign::ports() const {
  std::vector<PortFact> list;
  for (const auto& [port, n] : ports_) list.push_back({port, n});
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.packets > b.packets; });
  return list;
}

std::vector<std::uint16_t> Campaign::port_numbers() const {
  std::vector<std::uint16_t> numbers;
  for (const auto& p : ports()) numbers.push_back(p.port);
  return numbers;
}

double Campaign::port_share(std::uint16_t port) const {
  const auto found = ports_.find(port);
  return found == ports_.end() ? 0 : share_of(found->second, totals_.syns);
}

std::string Campaign::growth() const {
  std::string out;
  const std::size_t shown = std::min<std::size_t>(minutes_.size(), 12);
  for (std::size_t i = minutes_.size() - shown; i < minutes_.size(); ++i) out += fmt::format("{}{}", out.empty() ? "" : " ", minutes_[i]);
  return out;
}

Finding Campaign::take(TimeNs now) {
  const auto& t = totals_;
  Finding f;
  f.time = now;
  f.first_packet = new_first_;
  f.label = label_;
  f.merge_key = merge_key_;
  f.has_subject = locals_.size() == 1 && !many_locals_;
  if (f.has_subject) f.subject = *locals_.begin();
  const auto since = reported_ ? last_report_ : new_first_;
  const auto seconds = static_cast<double>(std::max(now - since, kSecond)) / kSecond;
  f.packets = new_packets_;
  f.bytes = new_bytes_;
  f.rate_pps = static_cast<double>(new_packets_) / seconds;
  f.rate_bps = static_cast<double>(new_bytes_) * 8 / seconds;
  f.distinct_peers = distinct_sources();
  f.severity = wave_ ? Severity::medium : f.distinct_peers >= 3 ? std::max(Severity::low, rules_.single) : rules_.single;
  f.degraded = peers_trimmed_;

  for (const auto& entry : peers_) f.top_peers.push_back({entry.address, 0, entry.value.packets});
  std::sort(f.top_peers.begin(), f.top_peers.end(),
            [](const auto& a, const auto& b) { return a.packets != b.packets ? a.packets > b.packets : a.address < b.address; });
  f.selector.direction = Direction::ingress;
  f.selector.locals.assign(locals_.begin(), locals_.end());
  if (f.selector.locals.size() >= kMaxLocals) f.selector.locals.clear();
  if (!peers_trimmed_ && peers_.size() <= kMaxSelected)
    for (const auto& entry : peers_) f.selector.remotes.push_back(entry.address);
  std::sort(f.selector.remotes.begin(), f.selector.remotes.end());
  if (f.top_peers.size() > kTop) f.top_peers.resize(kTop);
  f.local_ports = ports();
  if (f.local_ports.size() > kTop) f.local_ports.resize(kTop);
  if (f.selector.remotes.empty()) {
    for (const auto& p : f.local_ports) f.selector.local_ports.push_back(p.port);
    f.selector.classes.set(index_of(TrafficClass::tcp_syn));
    f.selector.classes.set(index_of(TrafficClass::tcp_syn_bare));
  }

  std::string mix;
  for (std::size_t i = 0; i < std::min<std::size_t>(f.local_ports.size(), 5); ++i)
    mix += fmt::format("{}{} ({})", i == 0 ? "" : ", ", f.local_ports[i].port, percent(share_of(f.local_ports[i].packets, t.syns)));
  if (t.syns != 0 && other_ports_ != 0)
    mix += fmt::format("{}others ({})", mix.empty() ? "" : ", ", percent(share_of(other_ports_, t.syns)));
  f.headline =
      fmt::format("{} {}, {} {} to {} {}{}{}", format_count(f.distinct_peers), f.distinct_peers == 1 ? "source" : "sources",
                  format_count(t.syns != 0 ? t.syns : t.packets), t.syns != 0 ? (t.syns == 1 ? "SYN" : "SYNs") : "packets",
                  locals_.size() >= kMaxLocals ? "more than 256" : format_count(std::max<std::uint64_t>(locals_.size(), most_locals_)),
                  std::max<std::uint64_t>(locals_.size(), most_locals_) == 1 ? "address" : "addresses", mix.empty() ? "" : ", ports ", mix);
  if (t.with_syn != 0) {
    f.evidence.push_back(fmt::format(
        "{} of the sources' packets are SYNs, {:.0f} B a packet, {} of the sources use a port of 32768 and above",
        percent(std::min(1.0, share_of(t.syns, t.packets))), share_of(t.bytes, t.packets), percent(share_of(t.high_ports, t.with_syn))));
    if (t.constant != 0)
      f.evidence.push_back(
          fmt::format("{} of {} sources with three SYNs and more keep one source port and one window", t.constant, t.several_syns));
  }
  if (minutes_.size() > 1 && f.distinct_peers >= 3) f.evidence.push_back(fmt::format("new sources a minute: {}", growth()));
  if (wave_)
    f.evidence.push_back(
        fmt::format("a scan wave: {} distinct sources and more within {}", rules_.wave_sources, format_duration(rules_.wave_window)));

  reported_ = true;
  wave_told_ = wave_;
  last_report_ = now;
  new_packets_ = new_bytes_ = 0;
  new_first_ = 0;
  return f;
}

}  // namespace sekisho
