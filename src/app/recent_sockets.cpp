// The thread that waits for the kernel's events, and the table they go into.
#include "app/recent_sockets.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

namespace sekisho {
namespace {

constexpr int kWaitMs = 500;
// Events come in bursts: a short rest takes many at once, and a process that lives a moment is still there.
constexpr auto kRest = std::chrono::milliseconds{5};
constexpr std::uint8_t kTcpSynSent = 2;

SocketSample sample_of(const SocketEvent& event) {
  SocketSample sample;
  HostSocket& s = sample.socket;
  s.v6 = event.v6;
  s.remote = event.remote, s.remote_port = event.port;
  s.protocol = event.protocol;
  s.uid = event.process.uid;
  switch (event.act) {
    case SocketAct::made_raw: s.kind = SocketKind::raw; break;
    case SocketAct::made_packet: s.kind = SocketKind::packet; break;
    default:
      s.kind = event.protocol == kTcp ? SocketKind::tcp : event.protocol == kUdp ? SocketKind::udp : SocketKind::raw;
      s.state = s.kind == SocketKind::tcp ? kTcpSynSent : 0;
  }
  return sample;
}

bool same(const HostSocket& a, const HostSocket& b) {
  return a.kind == b.kind && a.remote == b.remote && a.remote_port == b.remote_port && a.protocol == b.protocol;
}

}  // namespace

RecentSockets::RecentSockets(Result<std::unique_ptr<SocketEvents>> events) {
  if (!events.ok())
    problem_ = events.error().message;
  else
    events_ = std::move(events).value(), problem_ = events_->note();
}

void RecentSockets::start() {
  if (events_) thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void RecentSockets::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void RecentSockets::run(const std::stop_token& stop) {
  ::prctl(PR_SET_NAME, "new sockets");
  while (!stop.stop_requested()) {
    const auto events = events_->read(kWaitMs);
    for (const auto& event : events) add(event);
    if (!events.empty()) std::this_thread::sleep_for(kRest);
  }
}

void RecentSockets::make_room(TimeNs now) {
  std::erase_if(entries_, [&](const auto& e) { return e.second.last < now - kKept; });
  if (entries_.size() < kMaxProcesses) return;
  entries_.erase(
      std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

void RecentSockets::add(const SocketEvent& event) {
  const std::lock_guard lock{mutex_};
  const Key key{event.process.pid, event.process.start_ticks};
  if (!entries_.contains(key) && entries_.size() >= kMaxProcesses) make_room(event.time);
  Entry& entry = entries_[key];
  entry.process = event.process;
  entry.seen_alive = event.seen_alive;
  entry.last = std::max(entry.last, event.time);
  const auto sample = sample_of(event);
  auto at = std::find_if(entry.acts.begin(), entry.acts.end(), [&](const RecentSocket& r) { return same(r.sample.socket, sample.socket); });
  if (at == entry.acts.end()) {
    if (entry.acts.size() < kMaxActs)
      at = entry.acts.emplace(entry.acts.end());
    else
      at = std::min_element(entry.acts.begin(), entry.acts.end(), [](const auto& a, const auto& b) { return a.last < b.last; });
    *at = RecentSocket{.sample = sample, .first = event.time};
  }
  at->last = std::max(at->last, event.time);
  at->count += event.count;
}

std::vector<RecentSocket> RecentSockets::since(TimeNs time) const {
  std::vector<RecentSocket> out;
  const std::lock_guard lock{mutex_};
  for (const auto& [key, entry] : entries_) {
    if (entry.last < time) continue;
    for (const auto& act : entry.acts) {
      if (act.last < time) continue;
      out.push_back(act);
      out.back().process = entry.process, out.back().seen_alive = entry.seen_alive;
    }
  }
  return out;
}

std::uint64_t RecentSockets::lost() const { return events_ ? events_->lost() : 0; }

}  // namespace sekisho
