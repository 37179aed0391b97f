// Which packets go into which incident's file, and how many of them.
#include "evidence/recorder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"

namespace sekisho {

struct Recorder::Open {
  std::string id;
  bool whole_frames = false;
  TimeNs since = 0;
  std::vector<Matcher> matchers;
  std::unique_ptr<PcapngFile> file;
  std::uint64_t packets = 0;
  bool broken = false;
};

namespace {

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
unsigned thinning(double used) { return used < 0.5 ? 0 : std::min(20U, 1 + static_cast<unsigned>((used - 0.5) * 40)); }

std::string comment_of(const Incident& incident) {
  return fmt::format("incident {}\nlabel {}\nkind {}\ndirection {}\nsubject {}\n{}", incident.id, escape_hostile(incident.label),
                     to_string(incident.kind), to_string(incident.direction), escape_hostile(incident.subject),
                     escape_hostile(explanation(incident), 16 * 1024));
}

}  // namespace

Recorder::Recorder(EvidenceSettings settings, HashKey key)
    : settings_(std::move(settings)),
      key_(key),
      recent_(static_cast<std::size_t>(settings_.ring_bytes), settings_.ring_age, static_cast<std::uint32_t>(settings_.snap_bytes)),
      beats_(static_cast<std::size_t>(settings_.beats_bytes), settings_.beats_age, static_cast<std::uint32_t>(settings_.snap_bytes)) {}

Recorder::~Recorder() { (void)finish(); }

Result<std::unique_ptr<Recorder>> Recorder::open(EvidenceSettings settings, HashKey key) {
  const std::string shown = escape_hostile(settings.dir, 1000);
  if (settings.dir.empty()) return Error{"the evidence folder has no name", ErrorKind::usage};
  std::error_code error;
  const bool existed = std::filesystem::exists(settings.dir, error);
  std::filesystem::create_directories(settings.dir, error);
  if (error) return Error{fmt::format("cannot make the evidence folder {}: {}", shown, error.message())};
  if (!existed && ::chmod(settings.dir.c_str(), 0700) != 0)
    return Error{fmt::format("cannot protect the evidence folder {}: {}", shown, std::strerror(errno))};
  if (!std::filesystem::is_directory(settings.dir, error)) return Error{fmt::format("the evidence folder {} is not a folder", shown)};
  if (::access(settings.dir.c_str(), W_OK | X_OK) != 0)
    return Error{fmt::format("cannot write to the evidence folder {}: {}", shown, std::strerror(errno))};
  return std::unique_ptr<Recorder>{new Recorder(std::move(settings), key)};
}

void Recorder::on_packet(const Frame& frame, const Packet& packet) {
  const PacketKey key = key_of(packet);
  recent_.add(frame, key, packet.index);
  const bool quiet = packet.protocol == kTcp && packet.payload_bytes >= 1 && packet.payload_bytes <= 32 &&
                     packet.traffic_class != TrafficClass::tcp_ack_unknown;  // an ACK flood must not wash the beats away
  if (quiet) beats_.add(frame, key, packet.index);
  if (!classes_[packet.direction == Direction::egress][index_of(packet.traffic_class)]) return;
  for (auto& open : open_) {
    if (!wanted(open->matchers, key)) continue;
    StoredFrame stored{frame.time, frame.bytes, frame.wire_bytes, frame.weight, frame.link, frame.interface, packet.direction};
    if (!open->whole_frames && stored.bytes.size() > static_cast<std::size_t>(settings_.snap_bytes))
      stored.bytes = stored.bytes.first(static_cast<std::size_t>(settings_.snap_bytes));
    keep(*open, stored, packet.index);
  }
}

void Recorder::keep(Open& open, StoredFrame frame, std::uint64_t index) {
  if (open.broken) {
    ++stats_.lost;
    return;
  }
  const double used =
      std::max(double(open.packets) / double(settings_.max_packets), double(open.file->bytes()) / double(settings_.max_bytes));
  // 256: more than the block around a frame, a new interface and a comment take; the file never exceeds its limit.
  if (open.packets >= static_cast<std::uint64_t>(settings_.max_packets) ||
      open.file->bytes() + frame.bytes.size() + 256 > static_cast<std::uint64_t>(settings_.max_bytes)) {
    ++stats_.over_budget;
    return;
  }
  const unsigned k = thinning(used);
  // By a hash of the packet's number: an even stride would keep one phase of a periodic attack.
  if (k > 0 && (keyed_hash(key_, index) & ((1ULL << k) - 1)) != 0) {
    ++stats_.thinned;
    return;
  }
  frame.weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{frame.weight} << k, UINT32_MAX));
  if (const auto written = open.file->write(frame); !written) {
    open.broken = true;
    ++stats_.lost;
    errors_.push_back(written.error());
    return;
  }
  ++open.packets;
  ++stats_.packets_written;
  stats_.bytes_written += frame.bytes.size();
}

void Recorder::look_back(Open& open, TimeNs since, const std::vector<Matcher>& want, const std::vector<Matcher>& had) {
  // The beats that are older than the ring, then the ring: each frame once, in the order of arrival.
  const std::uint64_t ring_first = recent_.first_index();
  const auto take = [&](const PacketKey& key, const StoredFrame& frame, std::uint64_t index) {
    if (wanted(want, key) && !wanted(had, key)) keep(open, frame, index);
  };
  beats_.each(since, [&](const PacketKey& key, const StoredFrame& frame, std::uint64_t index) {
    if (index < ring_first) take(key, frame, index);
  });
  recent_.each(since, take);
}

Result<std::string> Recorder::open_incident(const Incident& incident, TimeNs since) {
  if (!is_file_name(incident.id)) return Error{fmt::format("the incident id '{}' cannot be a file name", escape_hostile(incident.id, 80))};
  if (is_open(incident.id)) return Error{fmt::format("the evidence of incident {} is already being written", incident.id)};
  if (static_cast<std::int64_t>(open_.size()) >= settings_.max_open)
    return Error{
        fmt::format("no evidence for incident {}: {} evidence files are being written already (max_open)", incident.id, open_.size())};
  if (files_made_ >= settings_.max_files)
    return Error{fmt::format("no evidence for incident {}: {} evidence files were made already (max_files)", incident.id, files_made_)};

  // An earlier run may have left a file of this name: what is stored is never overwritten.
  std::string path = fmt::format("{}/{}.pcapng", settings_.dir, incident.id);
  for (int n = 2; n < 1000 && ::access(path.c_str(), F_OK) == 0; ++n) path = fmt::format("{}/{}.{}.pcapng", settings_.dir, incident.id, n);
  auto file = TRY(PcapngFile::create(path, comment_of(incident), settings_.application));
  ++files_made_;
  auto open = std::make_unique<Open>();
  open->id = incident.id;
  open->whole_frames = incident.kind == Kind::c2;
  open->since = since;
  open->matchers = prepare(incident.selectors);
  open->file = std::move(file);
  look_back(*open, since, open->matchers, {});
  open_.push_back(std::move(open));
  refresh_classes();
  return path;
}

Result<void> Recorder::update(const Incident& incident) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open->id == incident.id; });
  if (found == open_.end()) return Error{fmt::format("the evidence of incident {} is not being written", escape_hostile(incident.id, 80))};
  Open& open = **found;
  auto matchers = prepare(incident.selectors);
  bool new_classes = false;
  for (const auto direction : {Direction::ingress, Direction::egress})
    new_classes |= (classes_of(matchers, direction) & ~classes_of(open.matchers, direction)).any();
  if (new_classes) look_back(open, open.since, matchers, open.matchers);
  open.matchers = std::move(matchers);
  refresh_classes();
  return {};
}

Result<void> Recorder::close(const std::string& id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open->id == id; });
  if (found == open_.end()) return {};
  auto closed = (*found)->file->close();
  open_.erase(found);
  refresh_classes();
  return closed;
}

Result<void> Recorder::flush() {
  Result<void> first;
  for (auto& open : open_) {
    if (open->broken) continue;
    auto flushed = open->file->flush();
    if (flushed) continue;
    open->broken = true;
    if (first.ok()) first = flushed.error();
  }
  return first;
}

Result<void> Recorder::finish() {
  Result<void> first;
  for (auto& open : open_)
    if (auto closed = open->file->close(); !closed && first.ok()) first = closed.error();
  open_.clear();
  refresh_classes();
  return first;
}

void Recorder::refresh_classes() {
  for (const auto direction : {Direction::ingress, Direction::egress}) {
    auto& classes = classes_[direction == Direction::egress];
    classes.reset();
    for (const auto& open : open_) classes |= classes_of(open->matchers, direction);
  }
}

bool Recorder::is_open(const std::string& id) const {
  return std::any_of(open_.begin(), open_.end(), [&](const auto& open) { return open->id == id; });
}

EvidenceStats Recorder::stats() const {
  EvidenceStats stats = stats_;
  stats.ring_evicted = recent_.evicted();
  return stats;
}

std::vector<Error> Recorder::take_errors() { return std::exchange(errors_, {}); }

}  // namespace sekisho
