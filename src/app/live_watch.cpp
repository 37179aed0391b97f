// The agent's loop, seen from the source.
#include "app/live_watch.h"

#include <algorithm>

#include "app/time_words.h"
#include "base/log.h"
#include "incident/outbound_links.h"

namespace sekisho {
namespace {

// A frame reaches the pipeline at most this long after its time stamp: the ring's block time-out, the poll, a busy processor.
constexpr DurationNs kLateFrames = 200 * kMillisecond;
constexpr std::uint64_t kScanHitsEveryS = 10;
constexpr std::size_t kProgressASecond = 32;  // incidents whose numbers are told each second, in turn
constexpr std::size_t kMostLinked = 16;       // outbound incidents that one is compared with
constexpr auto kTick = std::chrono::milliseconds{100};

}  // namespace

LiveWatch::LiveWatch(Pipeline& pipeline, Doors doors, Announcer& announcer, StoreSink& store, EvidenceWriter* evidence, HashKey key)
    : pipeline_(pipeline),
      doors_(std::move(doors)),
      announcer_(announcer),
      store_(store),
      evidence_(evidence),
      totals_([this](const TrafficSecond& second) { on_second(second); }),
      scan_hits_(key) {
  pipeline_.on_packet = [this](const Frame& frame, const Packet& packet) {
    (packet.direction == Direction::ingress ? in_ : out_) += packet.weight;
    if (evidence_) evidence_->on_packet(frame, packet);
  };
  pipeline_.on_incident = [this](const IncidentEvent& event) { on_incident(event); };
  pipeline_.on_step = [this](const Step& step) {
    totals_.on_step(step);
    scan_hits_.on_step(step, feed_.flooded());
  };
}

void LiveWatch::resume(std::vector<Incident> known) {
  const auto now = wall_clock();
  for (const auto& incident : known)
    if (!incident.ended) {
      announcer_.incident(feed_.resume(incident, now));
      if (evidence_) evidence_->on_incident({IncidentChange::updated, &incident});
    }
  pipeline_.resume(std::move(known));
}

Result<void> LiveWatch::run() {
  pipeline_.make_tables();
  auto done = doors_.source.run(*this, stop_.get_token());
  drops_ = doors_.drops();
  pipeline_.finish();
  totals_.finish();
  store_.add_scan_hits(scan_hits_.take());
  return done;
}

void LiveWatch::on_frames(std::span<const Frame> frames) {
  pipeline_.on_frames(frames);
  tick();
}

void LiveWatch::on_idle(TimeNs now) {
  pipeline_.advance(now - kLateFrames);
  totals_.advance(now - kLateFrames);
  tick();
}

void LiveWatch::tick() {
  if (doors_.stop_wanted()) stop_.request_stop();
  const auto now = Clock::now();
  if (now - last_tick_ < kTick) return;
  last_tick_ = now;
  announcer_.tick();
  doors_.each_tick();
  for (auto& notice : doors_.others()) announcer_.incident(std::move(notice));
  if (now - last_second_ < std::chrono::seconds{1}) return;
  last_second_ = now;
  each_second();
}

void LiveWatch::each_second() {
  drops_ = doors_.drops();
  if (evidence_) {
    evidence_->flush(kSecond);
    for (const auto& sentence : evidence_->take_sentences()) log_error(sentence);
  }
  const auto now = wall_clock();
  pipeline_.note_sockets(doors_.beats(), now - kLateFrames);
  const auto open = pipeline_.open_incidents();
  for (const auto& id : doors_.completed())
    for (const auto* incident : open)
      if (incident->id == id) {
        const Incident whole = completed(*incident);
        auto notice = feed_.on_event({IncidentChange::updated, &whole}, now);
        if (whole.process) notice.what = "attributed";
        announcer_.incident(std::move(notice));
      }
  for (std::size_t i = 0; i < std::min(open.size(), kProgressASecond); ++i)
    if (auto notice = feed_.progress(*open[next_progress_++ % open.size()], now)) {
      auto incident = completed(*notice->incident);
      notice->incident = std::make_shared<const Incident>(std::move(incident));
      announcer_.incident(std::move(*notice));
    }
}

Incident LiveWatch::completed(const Incident& incident) const {
  Incident copy = incident;
  if (evidence_)
    if (auto path = evidence_->path_of(copy.id); !path.empty()) copy.evidence_path = std::move(path);
  doors_.complete(copy);
  add_outbound_links(copy);
  return copy;
}

// Also with the processes of the others, which only the doors know.
void LiveWatch::add_outbound_links(Incident& incident) const {
  if (incident.direction != Direction::egress && incident.kind != Kind::c2) return;
  std::vector<Incident> others;
  for (const auto* open : pipeline_.open_incidents())
    if (open->id != incident.id && (open->direction == Direction::egress || open->kind == Kind::c2)) {
      if (others.size() >= kMostLinked) break;
      others.push_back(*open);
      doors_.complete(others.back());
    }
  std::vector<const Incident*> list;
  for (const auto& other : others) list.push_back(&other);
  for (auto& sentence : outbound_links(incident, list)) incident.evidence.push_back(std::move(sentence));
}

void LiveWatch::on_incident(const IncidentEvent& event) {
  if (evidence_) evidence_->on_incident(event);
  const Incident incident = completed(*event.incident);
  announcer_.incident(feed_.on_event({event.change, &incident}, wall_clock()));
}

void LiveWatch::on_second(const TrafficSecond& traffic) {
  auto second = std::make_shared<LiveSecond>();
  second->traffic = traffic;
  second->traffic.dropped = drops_ - std::exchange(drops_told_, drops_);
  second->open_incidents = feed_.open();
  second->packets_in = in_, second->packets_out = out_, second->dropped = drops_;
  announcer_.second(second);
  if (++seconds_ % kScanHitsEveryS == 0) store_.add_scan_hits(scan_hits_.take());
}

}  // namespace sekisho
