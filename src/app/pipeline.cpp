// The data path, in the order in which data meets the rooms: decode, features, detect, incident.
#include "app/pipeline.h"

#include <algorithm>
#include <cstring>

#include "incident/outbound_links.h"

namespace sekisho {
namespace {

constexpr std::size_t kPrefixPackets = 32'768, kPrefixBytes = 8 << 20, kPrefixChunk = 1 << 20;
constexpr DurationNs kClockSetBack = 2 * kSecond;  // a larger step back is a clock that was set, not reordering
constexpr std::uint64_t kSettleSteps = 42;         // contacts without an answer are judged three to four seconds later
constexpr DurationNs kFullFor = 10 * kSecond;
constexpr std::size_t kCachedBatch = 128;        // packets that the first-level cache nearly holds
constexpr std::size_t kCopiedBytes = 256 << 10;  // of a batch between two threads
constexpr std::size_t kParallelFrom = 256;       // smaller batches cost more to share than to do
constexpr std::size_t kMostLinked = 16;          // outbound incidents that one is compared with

bool is_syn(const Packet& p) { return p.protocol == kTcp && (p.tcp_flags & (kSyn | kAck)) == kSyn; }

}  // namespace

Result<std::vector<std::unique_ptr<Detector>>> Pipeline::make_detectors(const Config& config) {
  std::vector<std::unique_ptr<Detector>> detectors;
  for (const auto& spec : Registry<DetectorSpec>::all()) {
    auto detector = TRY(spec.make(section(config, "detect." + std::string{spec.name})));
    detectors.push_back(std::move(detector));
  }
  return detectors;
}

Result<std::unique_ptr<Pipeline>> Pipeline::make(PipelineSettings settings, const Config& config) {
  std::unique_ptr<Pipeline> p{new Pipeline(std::move(settings))};
  TRY(p->reconfigure(config));
  return p;
}

Result<void> Pipeline::reconfigure(const Config& config) {
  detectors_ = TRY(make_detectors(config));
  settings_.decode = {static_cast<std::uint16_t>(config.decode.vxlan_port), static_cast<std::uint16_t>(config.decode.gtp_u_port)};
  return {};
}

Pipeline::Pipeline(PipelineSettings settings) : settings_(std::move(settings)), incidents_(settings_.incidents), port_syns_(65'536) {
  if (!settings_.local.empty()) orientation_.emplace(Locality{settings_.local, true, "given"});
}

Pipeline::~Pipeline() { stop_consumer(); }

void Pipeline::on_frames(std::span<const Frame> frames) {
  if (!orientation_) {
    keep_prefix(frames);
    return;
  }
  for (std::size_t at = 0; at < frames.size(); at += kMaxBatch) process(frames.subspan(at, std::min(kMaxBatch, frames.size() - at)));
}

void Pipeline::keep_prefix(std::span<const Frame> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto& f = frames[i];
    if (prefix_bytes_.empty() || prefix_used_ + f.bytes.size() > kPrefixChunk) {
      prefix_bytes_.push_back(std::make_unique<std::uint8_t[]>(std::max(kPrefixChunk, f.bytes.size())));
      prefix_used_ = 0;
    }
    std::uint8_t* copy = prefix_bytes_.back().get() + prefix_used_;
    if (!f.bytes.empty()) std::memcpy(copy, f.bytes.data(), f.bytes.size());
    prefix_used_ += f.bytes.size(), prefix_size_ += f.bytes.size();
    prefix_.push_back(f);
    prefix_.back().bytes = {copy, f.bytes.size()};
    if (prefix_.size() >= kPrefixPackets || prefix_size_ >= kPrefixBytes) {
      settle_locality();
      on_frames(frames.subspan(i + 1));
      return;
    }
  }
}

void Pipeline::settle_locality() {
  {
    std::vector<Packet> packets(prefix_.size());
    for (std::size_t i = 0; i < prefix_.size(); ++i) decode(prefix_[i], settings_.decode, packets[i]);
    orientation_.emplace(infer_locality(packets));
  }
  const auto frames = std::move(prefix_);
  prefix_.clear();
  on_frames(frames);
  prefix_bytes_.clear();
}

// Created when first needed: its tables are large.
Features& Pipeline::features() {
  if (features_) return *features_;
  FeatureSettings fs;
  fs.publics = settings_.publics, fs.key = settings_.key;
  features_ = std::make_unique<Features>(fs, settings_.shards);
  if (settings_.shards > 1) team_ = std::make_unique<ShardTeam>(settings_.shards);
  return *features_;
}

void Pipeline::process(std::span<const Frame> frames) {
  features();
  if (settings_.overlap && !handover_) {
    handover_ = std::make_unique<Handover<Batch, 4>>();
    consumer_ = std::jthread{[this] { consume_all(); }};
  }
  const std::size_t most = team_ || handover_ ? kMaxBatch : kCachedBatch;
  while (!frames.empty()) {
    const auto part = frames.first(std::min(most, frames.size()));
    if (handover_) {
      Batch& batch = handover_->fill();
      frames = frames.subspan(copy_frames(part, batch));
      prepare(batch);
      handover_->filled();
    } else {
      batch_.frames = part;
      frames = frames.subspan(part.size());
      prepare(batch_);
      consume(batch_);
    }
  }
}

// The caller's bytes are valid until it gets back the control: what another thread will see is copied. Returns how many fitted.
std::size_t Pipeline::copy_frames(std::span<const Frame> frames, Batch& batch) const {
  batch.own_frames.clear();
  batch.own_bytes.resize(kCopiedBytes);
  std::size_t used = 0;
  for (const auto& f : frames) {
    if (used + f.bytes.size() > batch.own_bytes.size()) {
      if (used != 0) break;
      batch.own_bytes.resize(f.bytes.size());
    }
    std::uint8_t* copy = batch.own_bytes.data() + used;
    if (!f.bytes.empty()) std::memcpy(copy, f.bytes.data(), f.bytes.size());
    used += f.bytes.size();
    batch.own_frames.push_back(f);
    batch.own_frames.back().bytes = {copy, f.bytes.size()};
  }
  batch.frames = batch.own_frames;
  return batch.frames.size();
}

// All that is known of a packet by itself and from what came before it in the file.
void Pipeline::prepare(Batch& batch) {
  auto& in = facts_.input;
  std::uint64_t bytes = 0, truncated = 0;
  TimeNs first = batch.frames.front().time, last = first;
  batch.clock_offsets.clear();
  for (std::size_t i = 0; i < batch.frames.size(); ++i) {
    Packet& p = batch.packets[i];
    decode(batch.frames[i], settings_.decode, p);
    p.index = next_index_ + i;
    bytes += p.wire_bytes;
    truncated += p.truncated;
    first = std::min(first, p.time), last = std::max(last, p.time);
    if (p.malformed != Malformed::none) [[unlikely]]
      ++in.malformed[static_cast<std::size_t>(p.malformed)];
    p.time += clock_offset_;
    if (p.time < last_time_) [[unlikely]] {
      // A clock that was set back begins anew beyond the window: what lies on both sides of it is not counted together.
      const DurationNs gap = last_time_ - p.time > kClockSetBack ? kSecond : 0;
      if (gap) clock_offset_ += last_time_ - p.time + gap, batch.clock_offsets.emplace_back(i, clock_offset_);
      p.time = last_time_ + gap;
    }
    last_time_ = p.time;
    orientation_->orient(p);
    batch.hashes[i] = hashes_of(settings_.key, p);
    if (p.direction == Direction::ingress) note_article_facts(p);
  }
  next_index_ += batch.frames.size();
  in.packets += batch.frames.size();
  in.bytes += bytes;
  in.truncated_packets += truncated;
  in.first = std::min(in.first.value_or(first), first);
  in.last = std::max(in.last.value_or(last), last);
}

// Counting, and closing the steps that ended.
void Pipeline::consume(Batch& batch) {
  std::size_t from = 0;
  auto offset = batch.clock_offsets.begin();
  for (std::size_t i = 0; i < batch.frames.size(); ++i) {
    Packet& p = batch.packets[i];
    if (offset != batch.clock_offsets.end() && offset->first == i) [[unlikely]]
      features_->set_clock_offset((offset++)->second);
    if (p.time >= step_end_) {
      const auto step = static_cast<std::uint64_t>(p.time / kStep);
      count(batch, from, i);
      from = i;
      started_ ? advance_to(step) : open_step(step);
    }
    features_->assign_host(p);
  }
  count(batch, from, batch.frames.size());
}

void Pipeline::consume_all() {
  for (;;) {
    Batch& batch = handover_->next();
    const bool end = batch.frames.empty();
    if (!end) consume(batch);
    handover_->emptied();
    if (end) return;
  }
}

void Pipeline::stop_consumer() {
  if (!consumer_.joinable()) return;
  handover_->fill().frames = {};
  handover_->filled();
  consumer_.join();
}

void Pipeline::count(Batch& batch, std::size_t from, std::size_t to) {
  if (from == to) return;
  const auto packets = std::span{batch.packets}.subspan(from, to - from);
  const auto hashes = std::span<const PacketHashes>{batch.hashes}.subspan(from, to - from);
  const auto shards = features_->shards();
  if (team_ && packets.size() >= kParallelFrom)
    team_->run([&](unsigned s) { shards[s]->count(packets, hashes, step_); });
  else
    for (const auto& shard : shards) shard->count(packets, hashes, step_);
  if (on_packet)
    for (std::size_t i = 0; i < packets.size(); ++i) on_packet(batch.frames[from + i], packets[i]);
}

// SYN share, high source ports and the article's port list: facts for the report, never proof.
void Pipeline::note_article_facts(const Packet& p) {
  auto& b = facts_.background;
  if (p.protocol == kTcp) b.tcp_packets += p.weight;
  if (is_syn(p)) b.syn_packets += p.weight, port_syns_[p.dport] += p.weight;
  if (p.sport) b.ports_seen += p.weight, b.high_source_ports += p.sport >= 32'768 ? p.weight : 0;
}

// Closes the open step and opens `step`; skips what lies between once nothing can happen any more.
void Pipeline::advance_to(std::uint64_t step) {
  const auto end_of = [](std::uint64_t s) { return static_cast<TimeNs>((s + 1) * kStep); };
  close_step(step_, end_of(step_), kStep, false);
  std::uint64_t next = step_ + 1;
  for (; next < step && !features_->quiet(); ++next) close_step(next, end_of(next), kStep, false);
  if (next < step && step_ + kSettleSteps < step) close_step(step_ + kSettleSteps, end_of(step_ + kSettleSteps), kStep, false);
  open_step(step);
}

void Pipeline::open_step(std::uint64_t step) {
  started_ = true;
  step_ = step;
  step_end_ = static_cast<TimeNs>((step + 1) * kStep);
}

void Pipeline::advance(TimeNs now) {
  if (handover_) handover_->drain();
  const auto step = static_cast<std::uint64_t>(std::max<TimeNs>(now + clock_offset_, 0) / kStep);
  if (!started_ || step <= step_) return;
  advance_to(step);
  last_time_ = std::max(last_time_, static_cast<TimeNs>(step * kStep));  // a packet that is late after all belongs to the open step
}

void Pipeline::set_local(std::vector<Network> networks) {
  if (orientation_) orientation_.emplace(Locality{std::move(networks), true, orientation_->locality().reason});
}

void Pipeline::note_kernel(const KernelEvidence& kernel, TimeNs now) {
  if (features_) features_->note_kernel(kernel, now + clock_offset_);
}

void Pipeline::note_sockets(std::vector<ConnectionFact> facts, TimeNs now) {
  if (facts.empty()) return;
  if (!started_) {  // no packet came yet, and perhaps none ever will
    features();
    last_time_ = now + clock_offset_;
    open_step(static_cast<std::uint64_t>(last_time_ / kStep));
  }
  for (auto& fact : facts) sockets_.push_back(std::move(fact));
}

void Pipeline::close_step(std::uint64_t step, TimeNs now, DurationNs length, bool last) {
  Step seen = features_->finish_step(step, now, length, last);
  seen.sockets = sockets_;
  findings_.clear();
  for (const auto& detector : detectors_) detector->on_step(seen, findings_);
  if (const auto evictions = features_->evictions(); evictions != evictions_) evictions_ = evictions, full_until_ = now + kFullFor;
  for (auto& f : findings_) {
    const Label* label = find_label(f.label);
    const bool flood = label && label->kind == Kind::flood;
    if (flood && f.label != "spike_unclassified") features_->freeze(!f.has_subject, f.subject, f.direction, now);
    f.degraded |= !flood && now < full_until_;  // floods are judged by counters and samples
  }
  for (const auto& event : incidents_.on_step(now, findings_))
    if (on_incident) on_incident(event);
  if (on_offender) {
    offenders_.clear();
    for (const auto& detector : detectors_) detector->take_offenders(offenders_);
    for (const auto& o : offenders_) on_offender(o, incidents_.open(o.label, Direction::ingress, o.merge_key));
  }
  if (on_step) on_step(seen);
  sockets_.clear();

  for (const auto& s : seen.seconds) {
    if (!s.all) continue;
    auto& total = s.direction == Direction::ingress ? facts_.background.ingress : facts_.background.egress;
    for (std::size_t c = 0; c < kTrafficClasses; ++c) total[c].packets += s.step[c].packets, total[c].bytes += s.step[c].bytes;
  }
  scanners_.add(seen.sources);
}

void Pipeline::finish() {
  if (!orientation_) settle_locality();
  stop_consumer();
  if (!started_) return;
  close_step(step_, last_time_, std::max<DurationNs>(last_time_ - static_cast<TimeNs>(step_) * kStep, 1), true);
  for (const auto& event : incidents_.finish(last_time_))
    if (on_incident) on_incident(event);
}

std::vector<std::uint8_t> Pipeline::save_baselines() const {
  return features_ && started_ ? features_->save_baselines(last_time_) : std::vector<std::uint8_t>{};
}

Result<void> Pipeline::restore_baselines(std::span<const std::uint8_t> bytes) { return features().restore_baselines(bytes); }

std::vector<BaselineView> Pipeline::baselines() const {
  if (!features_) return {};
  auto views = features_->describe_baselines(last_time_);
  for (auto& v : views) {
    for (const auto& detector : detectors_) {
      const double floor = detector->floor_pps(v.traffic_class, v.direction);
      if (floor > 0) v.floor_pps = v.floor_pps > 0 ? std::min(v.floor_pps, floor) : floor;
    }
    v.threshold_pps = std::max(v.floor_pps, v.ceiling_pps);
    if (v.floor_pps >= v.ceiling_pps) v.rule = ThresholdRule::floor;
  }
  return views;
}

void Pipeline::report(Analysis& analysis) {
  const auto& local = orientation_->locality();
  analysis.local = {local.networks, local.given, local.reason};
  const Input& seen = facts_.input;
  Input& input = analysis.input;
  input.packets = seen.packets, input.bytes = seen.bytes, input.truncated_packets = seen.truncated_packets;
  input.first = seen.first, input.last = seen.last, input.malformed = seen.malformed;
  analysis.background = facts_.background;
  auto& b = analysis.background;
  scanners_.report(b);
  for (std::size_t i = 0; i < kArticlePorts.size(); ++i) b.article_port_syns[i] = port_syns_[kArticlePorts[i]];
  analysis.incidents = incidents_.take_all();
  std::vector<const Incident*> all;
  for (const auto& incident : analysis.incidents)
    if (all.size() < kMostLinked && (incident.direction == Direction::egress || incident.kind == Kind::c2)) all.push_back(&incident);
  // The sentences do not depend on one another's.
  for (auto& incident : analysis.incidents)
    for (auto& sentence : outbound_links(incident, all)) incident.evidence.push_back(std::move(sentence));
}

}  // namespace sekisho
