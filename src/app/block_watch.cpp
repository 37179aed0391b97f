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

constexpr std::size_t kMostSources = 65'536, kMostAsked = 8192, kMostWaiting = 4096, kMostTimeServers = 64, kMostLogIncidents = 1024;
constexpr DurationNs kWaitForFlood = 3 * kSecond;  // a flood is told apart from single packets within this time
constexpr DurationNs kAskAgain = kMinute;
constexpr std::uint32_t kManyHandshakes = 50;
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
    if (f.handshakes) {
      if (handshakes_.size() >= kMostSources) handshakes_.clear();
      handshakes_[hash_of(f.remote)] = f.handshakes;
    }
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
  return found != handshakes_.end() && found->second >= kManyHandshakes;
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
  {
    const std::lock_guard lock{mutex_};
    incidents.swap(from_logs_);
  }
  time_ = std::max(time_, wall_clock());
  for (const auto& incident : incidents) consider(*incident);
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
  const bool logs = is_from_logs(i);
  const bool reflection = is_reflection(i);
  if (i.ended || (i.kind != Kind::bruteforce && i.kind != Kind::scan && i.kind != Kind::flood && !reflection)) return;
  // Who got in after failures may be the operator: that is for people to judge.
  if (i.label == "login_after_failures") return;
  for (const auto& peer : i.top_peers) {
    if (peer.address == Address{}) continue;
    BlockRequest r;
    r.network = host_network(peer.address);
    r.reflector = reflection;
    // The proof must belong to the offence itself: that a source has a connection somewhere does not make its SYNs its own.
    if (i.kind == Kind::bruteforce)
      r.proof = logs ? Proof::log : Proof::handshake;
    else if (needs_connections(i.label))
      r.proof = logs ? Proof::log : proven_by_handshakes(peer.address) ? Proof::handshake : Proof::rate;
    else if (i.kind == Kind::scan)
      r.proof = has_fingerprint(i.label) ? Proof::fingerprint : Proof::syn;
    else
      r.proof = Proof::rate;
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
        // A login starts processes: without new ones there is none.
        const auto newest = newest_process(files.value());
        if (newest.empty() || newest != newest_process_ || changed || steady >= next_all_ssh_) {
          find_ssh_peers(files.value(), ssh_);
          newest_process_ = newest;
          next_all_ssh_ = steady + 3 * kSecond;  // "ssh -N" of root starts none
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
