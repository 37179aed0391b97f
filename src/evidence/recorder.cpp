// Which packets go into which incident's file, and how many of them.
#include "evidence/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "evidence/file_thread.h"
#include "evidence/pcapng_blocks.h"

namespace sekisho {

// What an incident has used of its share; outlives its file.
struct Recorder::Budget {
  std::string id;
  std::uint64_t packets = 0, context_packets = 0, bytes = 0;
};

struct Recorder::Open {
  Budget used;
  unsigned slot = 0;
  bool whole_frames = false;
  TimeNs since = 0;
  std::vector<Matcher> matchers;
};

namespace {

constexpr std::size_t kMaxSpent = 1'024;
constexpr std::size_t kFileOverhead = 1'024;  // section header without its comment, and some interfaces
// During an incident other packets are context: one of 16 at first, fewer and fewer as its share is used.
constexpr unsigned kContextFrom = 4, kMaxThinning = 20;

bool wanted(const std::vector<Matcher>& matchers, const PacketKey& key) {
  return std::any_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.matches(key); });
}

std::vector<Matcher> prepare(const std::vector<Selector>& selectors) {
  std::vector<Matcher> matchers;
  for (const auto& selector : selectors) matchers.emplace_back(selector);
  return matchers;
}

TrafficClassSet classes_of(const std::vector<Matcher>& matchers, Direction direction) {
  TrafficClassSet classes;
  for (const auto& matcher : matchers) classes |= matcher.classes(direction);
  return classes;
}

// The incident's id becomes a file name: nothing but letters, digits, dash and underscore.
bool is_file_name(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

// Which share of the matching packets is kept, as k of "one in 2^k": all in the first half of the budget, then half as many after every
// fortieth of it. 20 steps of 250 packets reach over half a thousand million packets: an attack of hours keeps packets from all its hours.
unsigned thinning(double used) { return used < 0.5 ? 0 : std::min(kMaxThinning, 1 + static_cast<unsigned>((used - 0.5) * 40)); }

bool one_in(std::uint64_t hash, unsigned k) { return (hash & ((1ULL << k) - 1)) == 0; }

void multiply_weight(StoredFrame& frame, unsigned k) {
  frame.weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{frame.weight} << k, UINT32_MAX));
}

std::string comment_of(const Incident& incident) {
  return fmt::format("incident {}\nlabel {}\nkind {}\ndirection {}\nsubject {}\n{}", incident.id, escape_hostile(incident.label),
                     to_string(incident.kind), to_string(incident.direction), escape_hostile(incident.subject),
                     escape_hostile(explanation(incident), 16 * 1024));
}

}  // namespace

Recorder::Recorder(EvidenceSettings settings, HashKey key, std::unique_ptr<EvidenceOutput> output)
    : settings_(std::move(settings)),
      key_(key),
      output_(std::move(output)),
      recent_(static_cast<std::size_t>(settings_.ring_bytes), settings_.ring_age, static_cast<std::uint32_t>(settings_.snap_bytes)),
      beats_(static_cast<std::size_t>(settings_.beats_bytes), settings_.beats_age, static_cast<std::uint32_t>(settings_.snap_bytes)) {
  settings_.max_open = std::min<std::int64_t>(settings_.max_open, kMaxEvidenceSlots);
}

Recorder::~Recorder() { (void)finish(); }

Result<std::unique_ptr<Recorder>> Recorder::open(EvidenceSettings settings, HashKey key) {
  auto files = TRY(EvidenceFiles::in_directory(settings.dir, {settings.application, settings.interfaces, nullptr}));
  return std::unique_ptr<Recorder>{new Recorder(std::move(settings), key, std::move(files))};
}

Result<std::unique_ptr<Recorder>> Recorder::open_live(EvidenceSettings settings, HashKey key, EvidenceEvents events) {
  auto folder = TRY(
      EvidenceFolder::open(settings.dir, static_cast<std::uint64_t>(settings.total_bytes), static_cast<std::size_t>(settings.total_files)));
  settings.max_files = 0;
  auto files = std::make_unique<EvidenceFiles>(std::move(folder), PcapngSettings{settings.application, settings.interfaces, nullptr},
                                               std::move(events));
  auto thread = std::make_unique<FileThread>(std::move(files), settings.dir, static_cast<std::size_t>(settings.queue_bytes));
  return std::unique_ptr<Recorder>{new Recorder(std::move(settings), key, std::move(thread))};
}

StoredFrame Recorder::stored(const Open& open, const Frame& frame, Direction direction) const {
  StoredFrame s{frame.time, frame.bytes, frame.wire_bytes, frame.weight, frame.link, frame.interface, direction, false};
  if (!open.whole_frames && s.bytes.size() > static_cast<std::size_t>(settings_.snap_bytes))
    s.bytes = s.bytes.first(static_cast<std::size_t>(settings_.snap_bytes));
  return s;
}

void Recorder::on_packet(const Frame& frame, const Packet& packet) {
  const PacketKey key = key_of(packet);
  now_ = packet.time;
  recent_.add(frame, packet.time, key, packet.index);
  const bool quiet = packet.protocol == kTcp && packet.payload_bytes >= 1 && packet.payload_bytes <= 32 &&
                     packet.traffic_class != TrafficClass::tcp_ack_unknown;  // an ACK flood must not wash the beats away
  if (quiet) beats_.add(frame, packet.time, key, packet.index);
  if (open_.empty()) return;
  // By a hash of the packet's number: an even stride would keep one phase of a periodic attack.
  const std::uint64_t hash = keyed_hash(key_, packet.index);
  const bool may_belong = classes_[packet.direction == Direction::egress][index_of(packet.traffic_class)];
  const bool may_be_context = settings_.context_packets > 0 && one_in(hash, kContextFrom);
  if (!may_belong && !may_be_context) return;
  for (auto& open : open_) {
    if (may_belong && wanted(open->matchers, key)) {
      keep(*open, stored(*open, frame, packet.direction), hash);
    } else if (may_be_context) {
      const double used = double(open->used.context_packets) / double(settings_.context_packets);
      keep_context(*open, stored(*open, frame, packet.direction), hash, std::min(kMaxThinning, kContextFrom + thinning(used)));
    }
  }
}

bool Recorder::hand_over(Open& open, const StoredFrame& frame) {
  if (!output_->frame(open.slot, frame)) {
    ++stats_.lost;
    return false;
  }
  ++open.used.packets;
  open.used.bytes += max_packet_block(frame.bytes.size());
  ++stats_.packets_written;
  stats_.bytes_written += frame.bytes.size();
  return true;
}

void Recorder::keep(Open& open, StoredFrame frame, std::uint64_t hash) {
  const auto max_packets = static_cast<std::uint64_t>(settings_.max_packets - settings_.context_packets);
  const std::uint64_t packets = open.used.packets - open.used.context_packets;
  if (packets >= max_packets || open.used.bytes + max_packet_block(frame.bytes.size()) > static_cast<std::uint64_t>(settings_.max_bytes)) {
    ++stats_.over_budget;
    return;
  }
  const unsigned k = thinning(std::max(double(packets) / double(max_packets), double(open.used.bytes) / double(settings_.max_bytes)));
  if (!one_in(hash, k)) {
    ++stats_.thinned;
    return;
  }
  multiply_weight(frame, k);
  hand_over(open, frame);
}

void Recorder::keep_context(Open& open, StoredFrame frame, std::uint64_t hash, unsigned k) {
  if (!one_in(hash, k) || open.used.context_packets >= static_cast<std::uint64_t>(settings_.context_packets) ||
      open.used.bytes + max_packet_block(frame.bytes.size()) > static_cast<std::uint64_t>(settings_.max_bytes))
    return;
  frame.context = true;
  multiply_weight(frame, k);
  open.used.context_packets += hand_over(open, frame);
}

void Recorder::look_back(Open& open, const std::vector<Matcher>& want, const std::vector<Matcher>& had) {
  const std::uint64_t first[] = {recent_.first_index(Direction::ingress), recent_.first_index(Direction::egress)};
  // A fair sample of what passed before the incident, for half of the context's share.
  const bool with_context = had.empty() && settings_.context_packets > 0;
  const auto is_before = [&](const FrameRing::Seen& seen) {
    return seen.when < open.since && seen.when >= open.since - settings_.ring_age;
  };
  unsigned k = 0;
  if (with_context) {
    std::uint64_t before = 0;
    recent_.each([&](const FrameRing::Seen& seen) { before += is_before(seen); });
    while (before >> k > static_cast<std::uint64_t>(settings_.context_packets) / 2) ++k;
  }
  // The beats that are older than the ring and the ring, each frame once, in the order of arrival.
  FrameRing::each(beats_, &recent_, [&](const FrameRing::Seen& seen) {
    if (seen.ring == &beats_ && seen.index >= first[seen.key.direction == Direction::egress]) return;
    const std::uint64_t hash = keyed_hash(key_, seen.index);
    if (seen.when >= open.since) {
      if (wanted(want, seen.key) && !wanted(had, seen.key)) keep(open, seen.frame, hash);
    } else if (with_context && seen.ring == &recent_ && is_before(seen)) {
      keep_context(open, seen.frame, hash, k);
    }
  });
}

Result<std::string> Recorder::open_incident(const Incident& incident, TimeNs since) {
  if (!is_file_name(incident.id)) return Error{fmt::format("the incident id '{}' cannot be a file name", escape_hostile(incident.id, 80))};
  if (is_open(incident.id)) return Error{fmt::format("the evidence of incident {} is already being written", incident.id)};
  if (static_cast<std::int64_t>(open_.size()) >= settings_.max_open)
    return Error{
        fmt::format("no evidence for incident {}: {} evidence files are being written already (max_open)", incident.id, open_.size())};
  if (settings_.max_files > 0 && files_made_ >= settings_.max_files)
    return Error{fmt::format("no evidence for incident {}: {} evidence files were made already (max_files)", incident.id, files_made_)};

  auto open = std::make_unique<Open>();
  while (std::any_of(open_.begin(), open_.end(), [&](const auto& other) { return other->slot == open->slot; })) ++open->slot;
  const std::string comment = comment_of(incident);
  std::string path = TRY(output_->open(open->slot, {incident.id, comment}));
  ++files_made_;
  if (const auto spent = std::find_if(spent_.begin(), spent_.end(), [&](const Budget& b) { return b.id == incident.id; });
      spent != spent_.end()) {
    open->used = std::move(*spent);
    spent_.erase(spent);
  }
  open->used.id = incident.id;
  open->used.bytes += comment.size() + kFileOverhead;
  open->whole_frames = incident.kind == Kind::c2;
  open->since = since;
  open->matchers = prepare(incident.selectors);
  look_back(*open, open->matchers, {});
  open_.push_back(std::move(open));
  refresh_classes();
  return path;
}

Result<void> Recorder::update(const Incident& incident) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open->used.id == incident.id; });
  if (found == open_.end()) return Error{fmt::format("the evidence of incident {} is not being written", escape_hostile(incident.id, 80))};
  Open& open = **found;
  auto matchers = prepare(incident.selectors);
  bool new_classes = false;
  for (const auto direction : {Direction::ingress, Direction::egress})
    new_classes |= (classes_of(matchers, direction) & ~classes_of(open.matchers, direction)).any();
  if (new_classes) look_back(open, matchers, open.matchers);
  open.matchers = std::move(matchers);
  refresh_classes();
  return {};
}

Result<void> Recorder::close(const std::string& id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open->used.id == id; });
  if (found == open_.end()) return {};
  auto closed = output_->close((*found)->slot);
  if (spent_.size() >= kMaxSpent) spent_.erase(spent_.begin());
  spent_.push_back(std::move((*found)->used));
  open_.erase(found);
  refresh_classes();
  return closed;
}

Result<void> Recorder::flush(DurationNs passed) {
  if (passed > 0 && now_ != 0) {
    now_ += now_ == flushed_at_ ? passed : 0;
    flushed_at_ = now_;
    recent_.age(now_), beats_.age(now_);
  }
  return output_->flush();
}

Result<void> Recorder::finish() {
  open_.clear();
  refresh_classes();
  return output_->finish();
}

void Recorder::refresh_classes() {
  for (const auto direction : {Direction::ingress, Direction::egress}) {
    auto& classes = classes_[direction == Direction::egress];
    classes.reset();
    for (const auto& open : open_) classes |= classes_of(open->matchers, direction);
  }
}

bool Recorder::is_open(const std::string& id) const {
  return std::any_of(open_.begin(), open_.end(), [&](const auto& open) { return open->used.id == id; });
}

EvidenceStats Recorder::stats() const {
  EvidenceStats stats = stats_;
  stats.ring_evicted = recent_.evicted();
  stats.ring_bytes = recent_.memory() + beats_.memory();
  return stats;
}

std::vector<Error> Recorder::take_errors() { return output_->take_errors(); }

}  // namespace sekisho
