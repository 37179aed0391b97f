// Evidence on the agent's thread, everything that may take its time on one of its own.
#include "app/block_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/block_lock.h"
#include "app/time_words.h"
#include "base/log.h"
#include "base/text.h"
#include "response/never_sources.h"

namespace sekisho {
namespace {

constexpr std::size_t kMostSources = 65'536, kMostAsked = 8192, kMostWaiting = 4096, kMostTimeServers = 64, kMostLogIncidents = 1024,
                      kMostLogOffences = 4096;
constexpr DurationNs kWaitForFlood = 3 * kSecond;  // a flood is told apart from single packets within this time
constexpr DurationNs kAskAgain = kMinute;
constexpr std::uint32_t kManyHandshakes = 50;
constexpr DurationNs kBeforeDetection = 5 * kSecond;  // so long a flood may have gone on before it was told
constexpr std::uint16_t kNtp = 123, kFirstClientPort = 1024;
constexpr unsigned kCareMs = 250;

TimeNs steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool needs_connections(std::string_view label) {
  return label == "http_flood" || label == "http_flood_requests" || label == "http_slow" || label == "tls_exhaustion" ||
         label == "tcp_connection_flood";
}
// What fills the link comes from servers that were made to answer.
bool is_reflection(const Incident& i) {
  return i.label.starts_with("amp_") || i.label == "tcp_reflection" || i.label == "tcp_middlebox" || i.label == "smurf" ||
         i.kind == Kind::backscatter;
}
bool has_fingerprint(std::string_view label) { return label == "mirai_scan" || label == "zmap_scan" || label == "masscan_scan"; }

std::uint64_t hash_of(const Address& a) { return keyed_hash(HashKey{}, a.high, a.low); }

}  // namespace

std::unique_ptr<BlockWatch> BlockWatch::open(const Config& config, StoreSink& store, const std::string& store_path, HashKey key) {
  std::unique_ptr<BlockWatch> watch{new BlockWatch(store, key)};
  std::string problem;
  std::optional<BlockTable> table;
  if (auto lock = take_block_lock(); !lock.ok())
    problem = lock.error().message;
  else if (auto opened = BlockTable::open(); !opened.ok())
    problem = opened.error().message;
  else
    watch->lock_.emplace(std::move(lock).value()), table.emplace(std::move(opened).value());
  if (!problem.empty()) log_error(fmt::format("Nothing can be blocked: {}.", problem));
  watch->blocker_ = std::make_unique<Blocker>(blocker_settings(config), std::move(table), std::move(problem),
                                              [&store](std::function<Result<void>(StoreWriter&)> job) { store.write(std::move(job)); });
  watch->read_settings(config);
  if (const auto files = RootedFolder::open("/"); files.ok()) {
    watch->host_ = find_never(files.value());
    find_ssh_peers(files.value(), watch->ssh_);
    auto all = watch->host_;
    all.insert(all.end(), watch->ssh_.peers.begin(), watch->ssh_.peers.end());
    watch->blocker_->set_found(std::move(all), wall_clock());
  }
  const auto now = wall_clock();
  std::vector<StoredBlock> blocks;
  std::vector<BlockOffences> offences;
  bool confirmed = false, panicked = false;
  if (auto reader = open_store_reader(store_path); reader.ok()) {
    const auto flag = [&](std::string_view name) {
      const auto blob = (*reader)->blob(std::string{name});
      return blob.ok() && blob.value() && !blob.value()->empty() && blob.value()->front() == 1;
    };
    if (auto read = (*reader)->blocks(); read.ok()) blocks = std::move(read).value();
    if (auto read = (*reader)->block_offences(now - config.response.forget_after.count * kMillisecond, 200'000); read.ok())
      offences = std::move(read).value();
    confirmed = flag(kConfirmedKey), panicked = flag(kPanicKey);
  }
  watch->blocker_->resume(blocks, offences, confirmed && config.response.mode == "on", panicked, now);
  if (auto changes = AddressWatch::open(true); changes.ok()) watch->changes_.emplace(std::move(changes).value());
  return watch;
}

void BlockWatch::read_settings(const Config& config) {
  article_policy_ = config.response.policy == "article";
  fingerprints_ = config.response.fingerprint_for.count > 0;
  keep_table_ = config.response.keep_table, early_drop_ = config.response.early_drop;
  ports_.clear();
  for (const auto& text : config.response.ports)
    if (const auto port = std::strtoul(text.c_str(), nullptr, 10); port > 0 && port < 65'536)
      ports_.push_back(static_cast<std::uint16_t>(port));
}

void BlockWatch::configure(const Config& config) {
  read_settings(config);
  blocker_->configure(blocker_settings(config), wall_clock());
}

void BlockWatch::attach(Pipeline& pipeline) {
  worker_ = std::make_unique<Worker>(
      "blocker", 8192, [this] { care(); }, kCareMs);
  pipeline.on_packet = [this, before = std::move(pipeline.on_packet)](const Frame& frame, const Packet& packet) {
    if (before) before(frame, packet);
    on_packet(packet);
  };
  pipeline.on_step = [this, before = std::move(pipeline.on_step)](const Step& step) {
    if (before) before(step);
    on_step(step);
  };
  pipeline.on_incident = [this, before = std::move(pipeline.on_incident)](const IncidentEvent& event) {
    if (before) before(event);
    consider(*event.incident);
  };
  pipeline.on_offender = [this](const Offender& offender, const Incident* incident) {
    on_offender(offender, incident ? incident->id : std::string{}, false);
  };
}

void BlockWatch::on_packet(const Packet& p) {
  if (p.family == 0) return;
  two_way_.add(p);
  if (p.protocol != kUdp || p.dport != kNtp || p.direction != Direction::egress || p.sport < kFirstClientPort) return;
  // Seldom: this host asks a time server.
  if (std::find(asked_time_servers_.begin(), asked_time_servers_.end(), p.dst) != asked_time_servers_.end()) return;
  asked_time_servers_.push_back(p.dst);
  if (asked_time_servers_.size() > kMostTimeServers) asked_time_servers_.pop_front();
  worker_->post([this, servers = asked_time_servers_] {
    time_servers_.clear();
    for (const auto& a : servers) time_servers_.push_back({host_network(a), NeverKind::time_server});
    next_ssh_ = 0;
  });
}

void BlockWatch::on_step(const Step& step) {
  time_ = std::max(time_, step.time);
  for (const auto& f : step.sources) {
    if (f.handshakes) note_handshakes(f);
    if (!article_policy_ || f.new_syns == 0) continue;
    std::uint32_t syns = 0;
    for (const auto& port : f.ports)
      if (port.syns && std::find(ports_.begin(), ports_.end(), port.port) != ports_.end()) syns += port.syns;
    if (syns == 0) continue;
    if (article_.size() >= kMostSources) article_.clear();
    auto& hits = article_[hash_of(f.remote)];
    if (syns < hits.seen) hits.seen = 0;  // the source was pushed out of its table meanwhile
    for (auto more = std::min<std::uint32_t>(syns - hits.seen, 3); more > 0; --more) hits.times = {hits.times[1], hits.times[2], step.time};
    hits.seen = syns;
    if (hits.times[0] == 0 || step.time - hits.times[0] > kMinute) continue;
    BlockRequest r;
    r.network = host_network(f.remote), r.proof = Proof::syn, r.hits = syns;
    r.reason = fmt::format("{} SYNs to listed ports (policy article)", syns);
    ask(std::move(r), step.time);
  }
  judge_waiting(step.last);
}

void BlockWatch::judge_waiting(bool all) {
  while (!waiting_.empty() && (all || waiting_.front().first <= time_)) {
    post(std::move(waiting_.front().second));
    waiting_.pop_front();
  }
}

bool BlockWatch::proven_by_handshakes(const Address& address) const {
  const auto found = handshakes_.find(hash_of(address));
  return found != handshakes_.end() && found->second.total >= kManyHandshakes;
}

// While a flood goes on that needs connections: who completes many of them takes part, and its address is its own.
void BlockWatch::note_handshakes(const SourceFact& f) {
  if (handshakes_.size() >= kMostSources) handshakes_.clear();
  const auto [at, fresh] = handshakes_.try_emplace(hash_of(f.remote));
  auto& h = at->second;
  if (connection_floods_.empty()) {
    h.total = f.handshakes;
    return;
  }
  if (h.flood != connection_flood_) {
    h.flood = connection_flood_;
    // Facts are totals: of a source that was there before the flood and is not known here, nothing is held against it yet.
    h.before = fresh && f.first_seen < connection_flood_since_ - kBeforeDetection ? f.handshakes : h.total;
  }
  h.total = f.handshakes;
  if (h.total < h.before) h.before = 0;  // it was pushed out of its table meanwhile
  const auto gained = h.total - h.before;
  if (gained < kManyHandshakes) return;
  const auto& [incident, label] = *connection_floods_.begin();
  const auto* known = find_label(label);
  BlockRequest r;
  r.network = host_network(f.remote), r.proof = Proof::handshake, r.hits = gained, r.incident = incident;
  r.reason = fmt::format("{}: {} connections", known ? known->title : label, format_count(gained));
  ask(std::move(r), time_);
}

void BlockWatch::on_offender(const Offender& o, const std::string& incident, bool logs) {
  const auto* label = find_label(o.label);
  if (!label || o.source == Address{}) return;
  BlockRequest r;
  if (label->kind == Kind::scan) {
    if (!fingerprints_ || !has_fingerprint(o.label)) return;
    r.proof = Proof::fingerprint;
  } else {
    r.proof = logs ? Proof::log : Proof::handshake;
  }
  r.network = host_network(o.source), r.hits = o.hits, r.incident = incident;
  r.reason = fmt::format("{}: {}", label->title, format_count(o.hits));
  ask(std::move(r), time_);
}

void BlockWatch::on_log_offender(const Offender& offender, const std::string& incident) {
  const std::lock_guard lock{mutex_};
  if (log_offences_.size() < kMostLogOffences) log_offences_.push_back({offender, incident});
}

void BlockWatch::on_incident(const IncidentNotice& notice) {
  if (!is_from_logs(*notice.incident)) return;
  const std::lock_guard lock{mutex_};
  if (from_logs_.size() >= kMostLogIncidents) from_logs_.pop_front();
  from_logs_.push_back(notice.incident);
}

std::string BlockWatch::json() const { return block_status_json(*blocker_, early_held_, early_without_room_); }

void BlockWatch::tick() {
  if (early_) {
    early_->tick(early_drop_);
    early_held_ = early_->held(), early_without_room_ = early_->without_room();
  }
  std::deque<std::shared_ptr<const Incident>> incidents;
  std::vector<LogOffence> offences;
  {
    const std::lock_guard lock{mutex_};
    incidents.swap(from_logs_), offences.swap(log_offences_);
  }
  time_ = std::max(time_, wall_clock());
  for (const auto& incident : incidents) consider(*incident);
  for (const auto& o : offences) on_offender(o.offender, o.incident, true);
  judge_waiting(false);
}

void BlockWatch::consider(const Incident& i) {
  if (i.direction != Direction::ingress) return;
  if (i.kind == Kind::flood && !needs_connections(i.label)) {
    const bool before = !floods_.empty();
    if (i.ended)
      floods_.erase(i.id);
    else
      floods_.insert(i.id);
    if (before != !floods_.empty() && worker_) worker_->post([this, now = !floods_.empty()] { blocker_->set_spoofed_flood(now); });
  }
  const bool logs = is_from_logs(i), connections = needs_connections(i.label);
  if (connections && !logs) {
    if (i.ended)
      connection_floods_.erase(i.id);
    else if (connection_floods_.empty())
      ++connection_flood_, connection_flood_since_ = i.started;
    if (!i.ended) connection_floods_[i.id] = i.label;
  }
  // Offenders themselves are asked about as they go on; who got in after failures may be the operator: that is for people to judge.
  // What is left has no proof: the planner says so, unless what was set takes it as it is, and counts for itself.
  const bool reflection = is_reflection(i);
  if (i.ended || (i.kind != Kind::scan && i.kind != Kind::flood && !reflection) || (connections && logs)) return;
  if (i.kind == Kind::scan && (article_policy_ || (fingerprints_ && has_fingerprint(i.label)))) return;
  for (const auto& peer : i.top_peers) {
    if (peer.address == Address{} || (connections && proven_by_handshakes(peer.address))) continue;
    BlockRequest r;
    r.network = host_network(peer.address);
    r.reflector = reflection;
    // That a source has a connection somewhere does not make its SYNs its own.
    r.proof = i.kind != Kind::scan ? Proof::rate : has_fingerprint(i.label) ? Proof::fingerprint : Proof::syn;
    r.hits = peer.packets;
    const auto* label = find_label(i.label);
    r.reason = fmt::format("{}: {}", label ? label->title : i.label, format_count(peer.packets));
    r.incident = i.id;
    ask(std::move(r), time_);
  }
}

void BlockWatch::ask(BlockRequest r, TimeNs now) {
  auto& known = [&]() -> Known& {
    if (asked_.size() >= kMostAsked) asked_.clear();
    return asked_[hash_of(r.network.base) ^ static_cast<std::uint64_t>(r.proof)];
  }();
  if (known.time && now - known.time < kAskAgain && r.hits < 2 * known.hits) return;
  known = {r.hits, now};
  r.actor = "agent";
  Blocker::Evidence e;
  std::tie(e.bytes_in, e.bytes_out) = two_way_.of(r.network.base, now);
  const bool proven = is_proven(r.proof);
  e.request = std::move(r);
  if (proven) return post(std::move(e));
  if (waiting_.size() >= kMostWaiting) waiting_.pop_front();
  waiting_.emplace_back(now + kWaitForFlood, std::move(e));
}

void BlockWatch::post(Blocker::Evidence evidence) {
  if (!worker_) return;
  worker_->post(
      [this, evidence = std::move(evidence)] {
        const auto done = blocker_->request({&evidence, 1}, {"agent", wall_clock()});
        if (!done.ok()) log_error(fmt::format("{} was not blocked: {}", to_string(evidence.request.network), done.error().message));
        if (done.ok() && done.value().front().verdict != BlockVerdict::refuse)
          log_notice(
              fmt::format("{} {} ({})", to_string(done.value().front().entry.network), done.value().front().why, evidence.request.reason));
        if (steady_now() >= next_tick_) care();
      },
      is_proven(evidence.request.proof) ? Worker::Importance::essential : Worker::Importance::routine);
}

// The last number that a process got, as text (proc_loadavg(5)); empty when that cannot be read.
std::string BlockWatch::newest_process(const RootedFolder& files) {
  const auto text = files.read("/proc/loadavg", 256);
  if (!text.ok()) return {};
  const auto& words = text.value().text;
  const auto last = words.rfind(' ');
  return last == std::string::npos ? std::string{} : words.substr(last);
}

void BlockWatch::care() {
  const auto steady = steady_now();
  next_tick_ = steady + kCareMs * kMillisecond;
  const bool changed = changes_ && changes_->changed();
  if (changed || steady >= next_host_ || steady >= next_ssh_) {
    if (const auto files = RootedFolder::open("/"); files.ok()) {
      if (changed || steady >= next_host_) {
        host_ = find_never(files.value());
        next_host_ = steady + 10 * kSecond;
      }
      if (steady >= next_ssh_) {
        // A connection to sshd starts a process, the login on it may start none ("ssh -N" of root): while somebody is about to sign in, and
        // some time after that, everything is looked at again.
        const auto newest = newest_process(files.value());
        const bool fresh = newest.empty() || newest != newest_process_ || changed;
        if (fresh || steady >= next_all_ssh_) {
          find_ssh_peers(files.value(), ssh_);
          newest_process_ = newest;
          if (fresh || ssh_.waiting) ssh_settles_ = steady + 15 * kSecond;
          next_all_ssh_ = steady + (steady < ssh_settles_ ? 3 : 30) * kSecond;
        }
        // On a machine with very many processes the look costs time: then less often.
        next_ssh_ = steady + std::max<DurationNs>(kSecond, 200 * (steady_now() - steady));
      }
      auto all = host_;
      all.insert(all.end(), ssh_.peers.begin(), ssh_.peers.end());
      all.insert(all.end(), time_servers_.begin(), time_servers_.end());
      blocker_->set_found(std::move(all), wall_clock());
    }
  }
  blocker_->tick(wall_clock(), steady_now());
}

std::vector<HealthLine> BlockWatch::problems() const {
  std::vector<HealthLine> lines;
  const auto s = blocker_->state();
  if (!s.problem.empty()) lines.push_back({"block", s.problem, "sekisho block list shows what holds"});
  if (s.trial_until) lines.push_back({"block", "mode \"on\" is on trial", "from a new connection: sekisho block confirm"});
  if (s.rolled_back)
    lines.push_back({"block", "mode \"on\" was not confirmed: \"suggest\" holds", "reload the agent, then: sekisho block confirm"});
  if (s.panicked) lines.push_back({"block", "nothing is blocked by itself since 'block panic'", "sekisho block resume"});
  return lines;
}

void BlockWatch::finish() {
  if (worker_) worker_->finish();
  if (blocker_) blocker_->stop(keep_table_);
}

}  // namespace sekisho
