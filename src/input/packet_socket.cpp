// Merges the rings, steers the kernel's sampling, and looks at the interfaces once a second.
#include "input/packet_socket.h"

#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "input/live_clock.h"

namespace sekisho {
namespace {

constexpr int kPollMs = 50;
constexpr DurationNs kSteerEvery = 100 * kMillisecond, kDegradedFor = 10 * kSecond;
constexpr DurationNs kHurryEvery = 10 * kMillisecond;
constexpr double kFullEnough = 0.5;  // of a ring: more is an overflow to come
constexpr double kRegained = 1.02;   // each 100 ms without overflow: twice as much after four seconds
constexpr std::uint32_t kMostSampling = 1U << 20;
constexpr std::uint32_t kHurry = 4;  // times stronger sampling at once when a ring runs full

}  // namespace

PacketSocket::PacketSocket(LinkReader links, const PacketSocketSettings& settings)
    : settings_(settings), links_(std::move(links)), budget_(settings.max_frames_pps), most_pps_(settings.max_frames_pps) {
  batch_.reserve(kMaxBatch);
}

Result<std::unique_ptr<PacketSocket>> PacketSocket::open(const std::vector<std::string>& interfaces, const PacketSocketSettings& settings) {
  auto links = TRY(LinkReader::open());
  std::unique_ptr<PacketSocket> source{new PacketSocket{std::move(links), settings}};
  for (const auto& name : interfaces) {
    Port port;
    port.interface = TRY(find_interface(name));
    TRY(source->open_port(port));
    source->ports_.push_back(std::move(port));
  }
  return source;
}

Result<void> PacketSocket::open_port(Port& port) {
  std::vector<PacketRing> rings;
  const auto filter = sample_filter(rates_.now(), 0);
  for (unsigned i = 0; i < settings_.rings; ++i) {
    PacketRing::Settings s{.fanout = settings_.rings > 1, .fanout_group = i ? rings[0].fanout_group() : -1, .filter = filter};
    auto ring = TRY(PacketRing::open(port.interface, s));
    rings.push_back(std::move(ring));
  }
  port.start = TRY(links_.read(port.interface.index));
  port.last = port.start;
  port.rings = std::move(rings);
  port.present = true;
  port.note.clear();
  return {};
}

// Until a block is ready, at most kPollMs; false on a signal or when nothing came.
bool PacketSocket::wait() {
  std::vector<pollfd> waiting;
  for (const auto& port : ports_)
    for (const auto& ring : port.rings) waiting.push_back({ring.fd(), POLLIN | POLLERR, 0});
  const int ready = ::poll(waiting.data(), waiting.size(), kPollMs);
  if (ready <= 0) return false;
  std::size_t i = 0;
  for (auto& port : ports_)
    for (auto& ring : port.rings)
      if (waiting[i++].revents & POLLERR) ring.clear_error(), last_look_ = 0;  // went down, or away
  return true;
}

void PacketSocket::take(const Head& head) {
  Frame frame = head.frame;
  const bool syn = is_sampled_as_syn(frame);
  const auto rates = rates_.at(frame.time);
  const auto sampling = syn ? rates.syn : rates.rest;
  recent_sampling_ = std::max(recent_sampling_, sampling);
  (syn ? syn_ : rest_) += sampling;
  // What was lost is made good by the next frames, each at most for one of its kind.
  const auto extra = std::min<std::uint64_t>(owed_, sampling);
  owed_ -= extra;
  frame.weight = static_cast<std::uint32_t>(sampling + extra);
  auto& seen = seen_[head.outgoing];
  seen.packets += std::uint64_t{frame.weight} * frame.segments, seen.bytes += std::uint64_t{frame.weight} * frame.wire_bytes;
  batch_.push_back(frame);
}

void PacketSocket::hand_over(Intake& intake) {
  if (batch_.empty()) return;
  frames_ += batch_.size();
  intake.on_frames(batch_);
  batch_.clear();
}

// At most one block of each ring, merged by time.
bool PacketSocket::drain(Intake& intake) {
  heads_.clear(), opened_.clear();
  for (std::uint16_t number = 0; number < ports_.size(); ++number)
    for (auto& ring : ports_[number].rings) {
      if (!ring.open_block()) continue;
      opened_.push_back(&ring);
      Head head{&ring, {}, false};
      if (ring.next(head.frame, head.outgoing)) head.frame.interface = number, heads_.push_back(head);
    }
  while (!heads_.empty()) {
    auto& first = *std::min_element(heads_.begin(), heads_.end(), [](const Head& a, const Head& b) { return a.frame.time < b.frame.time; });
    take(first);
    if (batch_.size() == kMaxBatch) hand_over(intake);
    const auto number = first.frame.interface;
    if (first.ring->next(first.frame, first.outgoing))
      first.frame.interface = number;
    else
      first = heads_.back(), heads_.pop_back();
  }
  hand_over(intake);
  for (auto* ring : opened_) ring->release();
  return !opened_.empty();
}

void PacketSocket::take_drops() {
  std::uint64_t drops = 0;
  for (auto& port : ports_)
    for (auto& ring : port.rings) drops += ring.take_drops();
  lost_ += drops;
  owed_ += drops * rates_.now().rest, drops_ += drops * rates_.now().rest;
}

void PacketSocket::steer() {
  const auto now = monotonic_clock();
  const auto passed = static_cast<double>(now - last_steer_) / kSecond;
  if (now - std::max(last_steer_, last_hurry_) < kHurryEvery) return;
  double fill = 0;
  for (const auto& port : ports_)
    for (const auto& ring : port.rings) fill = std::max(fill, ring.fill());
  if (now - last_steer_ < kSteerEvery) {
    // It runs full: not at the next turn, now. What is in the ring already keeps its own weights.
    if (fill <= kFullEnough || fill <= fill_) return;
    fill_ = fill, last_hurry_ = now;
    take_drops();  // what was lost until now was lost at the old rate
    const auto before = rates_.now();
    set_rates({before.syn * kHurry, before.rest * kHurry});
    return;
  }
  last_steer_ = now;
  take_drops();
  const auto drops = std::exchange(drops_, 0);
  fill_ = fill;
  budget_.update(frames_);
  const double syn_pps = syn_ / passed, rest_pps = (rest_ + static_cast<double>(drops)) / passed;
  syn_ = rest_ = 0;
  // The budget knows what a frame costs, not how long others have the processor: what overflowed is not tried again at once.
  most_pps_ = fill > kFullEnough || drops > 0 ? std::max(std::min(most_pps_, budget_.rate()) / 2, 1000.0)
                                              : std::min(most_pps_ * kRegained, settings_.max_frames_pps);
  const double allowed = std::min(budget_.allowed(), most_pps_);
  auto wanted = rates_for(syn_pps, rest_pps, std::max(allowed, 1000.0));
  // Down by one step at a time, and only when there is room to spare, so that it does not swing.
  const auto before = rates_.now();
  const auto slower = [&](std::uint32_t want, std::uint32_t had) {
    if (want >= had) return want;
    return budget_.rate() < 0.4 * allowed ? std::max(want, had / 2) : had;
  };
  set_rates({slower(wanted.syn, before.syn), slower(wanted.rest, before.rest)});
}

void PacketSocket::set_rates(SampleRates wanted) {
  wanted = {std::min(wanted.syn, kMostSampling), std::min(wanted.rest, kMostSampling)};
  if (wanted == rates_.now()) return;
  std::uint32_t secret = 0;
  if (::getrandom(&secret, sizeof secret, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof secret))
    secret = static_cast<std::uint32_t>(monotonic_clock());
  const auto filter = sample_filter(wanted, secret);
  for (auto& port : ports_)
    for (auto& ring : port.rings)
      if (!ring.set_filter(filter).ok()) return;
  rates_.change(wanted, wall_clock());
}

LinkTotals PacketSocket::exact(const Port& port, bool outgoing) {
  if (port.interface.loopback && outgoing) return {};
  const auto since = [](std::uint64_t now, std::uint64_t then) { return now - std::min(now, then); };
  const auto &now = port.last, &then = port.start;
  return outgoing ? LinkTotals{since(now.tx_packets, then.tx_packets), since(now.tx_bytes, then.tx_bytes)}
                  : LinkTotals{since(now.rx_packets, then.rx_packets), since(now.rx_bytes, then.rx_bytes)};
}

LinkTotals PacketSocket::exact(bool outgoing) const {
  LinkTotals total = gone_[outgoing];
  for (const auto& port : ports_) {
    const auto own = exact(port, outgoing);
    total.packets += own.packets, total.bytes += own.bytes;
  }
  return total;
}

void PacketSocket::look_around() {
  const auto now = monotonic_clock();
  if (now - last_look_ < kSecond) return;
  last_look_ = now;
  for (auto& port : ports_) {
    auto& i = port.interface;
    const unsigned index = ::if_nametoindex(i.name.c_str());
    if (port.present && index != i.index) {
      for (const bool out : {false, true}) {
        const auto own = exact(port, out);
        gone_[out].packets += own.packets, gone_[out].bytes += own.bytes;
      }
      port.present = false, port.rings.clear();
      port.start = port.last = {};
      port.note = fmt::format("the interface '{}' has disappeared", i.name);
    } else if (!port.present && index != 0) {
      if (auto found = find_interface(i.name); found.ok()) {
        i = std::move(found).value();
        if (auto done = open_port(port); !done.ok()) port.note = done.error().message;
      }
    } else if (port.present) {
      if (auto counters = links_.read(i.index); counters.ok()) port.last = counters.value();
    }
  }
  sampling_ = std::exchange(recent_sampling_, 1u);
  max_sampling_ = std::max(max_sampling_, sampling_);
  bool degraded = sampling_ > 1 || lost_ > lost_before_;
  lost_before_ = lost_;
  for (const bool out : {false, true}) {
    checks_[out].update(seen_[out], exact(out), sampling_);
    degraded |= checks_[out].disagreement() > 0;
  }
  if (degraded) degraded_until_ = now + kDegradedFor;
}

Result<void> PacketSocket::run(Intake& intake, std::stop_token stop) {
  budget_ = FrameBudget{settings_.max_frames_pps};  // of this thread
  last_steer_ = monotonic_clock();
  last_look_ = 0;
  while (!stop.stop_requested()) {
    look_around();
    steer();
    if (!wait()) {
      intake.on_idle(wall_clock());  // also after a signal, so that the intake can ask to stop
      continue;
    }
    // At most one turn of the rings, so that the other duties do not starve.
    for (unsigned turn = 0; turn < 16 && !stop.stop_requested() && drain(intake); ++turn) steer();
  }
  return {};
}

SourceStats PacketSocket::stats() {
  SourceStats s;
  s.name = "packet_socket";
  s.notes = notes_;
  for (const auto& port : ports_) {
    s.interfaces.push_back(port.interface.name);
    if (!port.note.empty()) s.notes.push_back(port.note);
  }
  s.frames = frames_, s.lost = lost_;
  s.sampling = std::max(sampling_, recent_sampling_), s.max_sampling = std::max(max_sampling_, s.sampling);
  s.seen_in = seen_[0], s.seen_out = seen_[1];
  s.exact_in = exact(false), s.exact_out = exact(true);
  s.disagreement = std::max(checks_[0].disagreement(), checks_[1].disagreement());
  s.degraded = monotonic_clock() < degraded_until_ || s.sampling > 1;
  return s;
}

}  // namespace sekisho
