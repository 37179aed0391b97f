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
  std::uint64_t next_index = 0;  // packets before this number were looked at for an earlier file
};

struct Recorder::Open {
  Budget used;
  unsigned slot = 0;
  bool whole_frames = false;
  TimeNs since = 0;
  TimeNs last = 0;  // when a packet was kept last
  std::vector<Matcher> matchers;
  unsigned thinned = 0;            // of its own packets one in 2^thinned is kept
  std::uint64_t context_mask = 0;  // other packets are kept where these bits of their hash are zero
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

void add_classes(const std::vector<Matcher>& matchers, FrameRing::Classes& classes) {
  for (const auto& matcher : matchers)
    for (const auto direction : {Direction::ingress, Direction::egress})
      classes[direction == Direction::egress] |= matcher.classes(direction);
}
FrameRing::Classes classes_of(const std::vector<Matcher>& matchers) {
  FrameRing::Classes classes{};
  add_classes(matchers, classes);
  return classes;
}

std::size_t bucket_of(const Address& local) { return fold_multiply(local.high + 1, local.low ^ 0x9e3779b97f4a7c15ULL) & 255; }

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

void multiply_weight(StoredFrame& frame, std::uint64_t by) {
  frame.weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(frame.weight * by, UINT32_MAX));
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
  now_ = packet.time, next_index_ = packet.index + 1;
  recent_.add(frame, packet.time, key, packet.index);
  const bool quiet = packet.protocol == kTcp && packet.payload_bytes >= 1 && packet.payload_bytes <= 32 &&
                     packet.traffic_class != TrafficClass::tcp_ack_unknown;  // an ACK flood must not wash the beats away
  if (quiet) beats_.add(frame, packet.time, key, packet.index);
  if (open_.empty()) return;
  // By a hash of the packet's number: an even stride would keep one phase of a periodic attack.
  const std::uint64_t hash = keyed_hash(key_, packet.index);
  if (classes_[packet.direction == Direction::egress][index_of(packet.traffic_class)]) {
    const auto offer = [&](Open& open) {
      if (wanted(open.matchers, key)) keep(open, stored(open, frame, packet.direction), hash);
    };
    for (Open* open : by_local_[bucket_of(key.local)]) offer(*open);
    for (Open* open : anywhere_) offer(*open);
  }
  if (settings_.context_packets == 0 || !one_in(hash, kContextFrom)) return;
  for (auto& open : open_)
    if ((hash & open->context_mask) == 0 && !wanted(open->matchers, key))
      keep_context(*open, stored(*open, frame, packet.direction), open->context_mask + 1);
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
  if (!one_in(hash, open.thinned)) {
    ++stats_.thinned;
    return;
  }
  multiply_weight(frame, 1ULL << open.thinned);
  if (!hand_over(open, frame)) return;
  open.last = now_;
  set_pace(open);
}

void Recorder::set_pace(Open& open) const {
  const double packets = double(open.used.packets - open.used.context_packets) / double(settings_.max_packets - settings_.context_packets);
  open.thinned = thinning(std::max(packets, double(open.used.bytes) / double(settings_.max_bytes)));
  if (settings_.context_packets == 0) return;
  const double context = double(open.used.context_packets) / double(settings_.context_packets);
  open.context_mask = (1ULL << std::min(kMaxThinning, kContextFrom + thinning(context))) - 1;
}

void Recorder::keep_context(Open& open, StoredFrame frame, std::uint64_t stands_for) {
  if (open.used.context_packets >= static_cast<std::uint64_t>(settings_.context_packets) ||
      open.used.bytes + max_packet_block(frame.bytes.size()) > static_cast<std::uint64_t>(settings_.max_bytes))
    return;
  frame.context = true;
  multiply_weight(frame, stands_for);
  open.used.context_packets += hand_over(open, frame);
  set_pace(open);
}

void Recorder::look_back(Open& open, const std::vector<Matcher>& want, const std::vector<Matcher>& had) {
  // A fair sample of what passed before the incident, for half of the context's share.
  if (had.empty() && open.used.next_index == 0)
    for (const auto& [seen, stands_for] :
         recent_.sample(open.since - settings_.ring_age, open.since, static_cast<std::size_t>(settings_.context_packets) / 2))
      keep_context(open, seen.frame(), stands_for);
  // The beats that are older than the ring and the ring, each frame once, in the order of arrival.
  const std::uint64_t first[] = {recent_.first_index(Direction::ingress), recent_.first_index(Direction::egress)};
  FrameRing::each(beats_, &recent_, open.since, classes_of(want), [&](const FrameRing::Seen& seen) {
    if (seen.index() < open.used.next_index) return;
    if (seen.ring() == &beats_ && seen.index() >= first[seen.direction() == Direction::egress]) return;
    const std::uint64_t hash = keyed_hash(key_, seen.index());
    if (!one_in(hash, open.thinned)) return;
    const PacketKey key = seen.key();
    if (wanted(want, key) && !wanted(had, key)) keep(open, seen.frame(), hash);
  });
}

Result<std::string> Recorder::open_incident(const Incident& incident, TimeNs since) {
  if (!is_file_name(incident.id)) return Error{fmt::format("the incident id '{}' cannot be a file name", escape_hostile(incident.id, 80))};
  if (is_open(incident.id)) return Error{fmt::format("the evidence of incident {} is already being written", incident.id)};
  if (static_cast<std::int64_t>(open_.size()) >= settings_.max_open) {
    // Live, some incidents never close: the file that was silent for longest is completed. Its incident may go on in another one.
    if (settings_.max_files > 0)
      return Error{
          fmt::format("no evidence for incident {}: {} evidence files are being written already (max_open)", incident.id, open_.size())};
    const auto silent = std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) { return a->last < b->last; });
    TRY(close(std::string{(*silent)->used.id}));
  }
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
  set_pace(*open);
  open->whole_frames = incident.kind == Kind::c2;
  open->since = since, open->last = now_;
  open->matchers = prepare(incident.selectors);
  look_back(*open, open->matchers, {});
  open_.push_back(std::move(open));
  refresh();
  return path;
}

Result<void> Recorder::update(const Incident& incident) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open->used.id == incident.id; });
  if (found == open_.end()) return Error{fmt::format("the evidence of incident {} is not being written", escape_hostile(incident.id, 80))};
  Open& open = **found;
  auto matchers = prepare(incident.selectors);
  const auto want = classes_of(matchers), had = classes_of(open.matchers);
  if (((want[0] & ~had[0]) | (want[1] & ~had[1])).any()) look_back(open, matchers, open.matchers);
  open.matchers = std::move(matchers);
  refresh();
  return {};
}

Result<void> Recorder::close(const std::string& id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open->used.id == id; });
  if (found == open_.end()) return {};
  auto closed = output_->close((*found)->slot);
  (*found)->used.next_index = next_index_;
  if (spent_.size() >= kMaxSpent) spent_.erase(spent_.begin());
  spent_.push_back(std::move((*found)->used));
  open_.erase(found);
  refresh();
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
  refresh();
  return output_->finish();
}

void Recorder::refresh() {
  classes_ = {};
  anywhere_.clear();
  for (auto& bucket : by_local_) bucket.clear();
  for (const auto& open : open_) {
    add_classes(open->matchers, classes_);
    if (std::any_of(open->matchers.begin(), open->matchers.end(), [](const Matcher& m) { return m.locals().empty(); })) {
      anywhere_.push_back(open.get());
      continue;
    }
    for (const auto& matcher : open->matchers)
      for (const auto& local : matcher.locals())
        if (auto& bucket = by_local_[bucket_of(local)]; std::find(bucket.begin(), bucket.end(), open.get()) == bucket.end())
          bucket.push_back(open.get());
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
