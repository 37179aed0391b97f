// The loop, the join of sockets and processes, and the table of connections.
#include "app/socket_watch.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

#include "app/time_words.h"
#include "base/text.h"
#include "incident/attribution.h"
#include "input/net_namespaces.h"
#include "model/raw_socket_owners.h"

namespace sekisho {
namespace {

constexpr int kLooks = 10;
constexpr std::size_t kMostFacts = 65'536, kCommandBytes = 400;

// When the machine started, by the wall clock.
TimeNs boot_time() {
  std::ifstream in{"/proc/uptime"};
  double up = 0;
  in >> up;
  return wall_clock() - static_cast<TimeNs>(up * 1e9);
}

ProcessFact fact_of(const Process& p) {
  ProcessFact fact;
  fact.pid = p.pid, fact.uid = p.uid;
  fact.exe = p.exe.empty() ? p.comm : p.exe;
  fact.deleted = p.exe_deleted;
  fact.unit = p.unit, fact.container = p.container;
  for (const auto& word : p.args) fact.command += (fact.command.empty() ? "" : " ") + word;
  if (fact.command.size() > kCommandBytes) fact.command.resize(kCommandBytes);
  static const auto kTicks = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  if (p.start_ticks) fact.started = boot_time() + static_cast<TimeNs>(p.start_ticks * (1'000'000'000 / kTicks));
  for (const auto& parent : ProcessTable::parents(p))
    fact.parents.push_back(fmt::format("{} ({})", parent.exe.empty() ? parent.comm : parent.exe, parent.pid));
  return fact;
}

// A packet is counted up to this long after its socket was used.
constexpr DurationNs kBefore = 10 * kSecond;

// Of what is gone, one connection to the same port as a flood says nothing: a browser has many of them.
bool concerns_recent(const Incident& incident, const SocketSample& sample) {
  if (!concerns(incident, sample)) return false;
  if (sample.socket.kind != SocketKind::tcp || incident.kind == Kind::scan) return true;
  return std::any_of(incident.top_peers.begin(), incident.top_peers.end(),
                     [&](const PeerFact& p) { return p.address == sample.socket.remote; });
}

std::string namespace_name(const SocketSnapshot& snapshot, std::uint64_t net_ns) {
  for (const auto& there : snapshot.namespaces)
    if (there.inode == net_ns && !there.container.empty()) return fmt::format("container {}", escape_hostile(there.container, 64));
  for (const auto& there : snapshot.namespaces)
    if (there.inode == net_ns && !there.unit.empty())
      return fmt::format("network namespace {} ({})", net_ns, escape_hostile(there.unit, 100));
  return fmt::format("network namespace {}", net_ns);
}

bool wants_owner(const Incident& incident) {
  return incident.direction == Direction::egress && !is_from_logs(incident) && incident.kind != Kind::backscatter;
}

std::string_view state_name(std::uint8_t state) {
  constexpr std::string_view kNames[] = {"",          "established", "connecting",  "answering", "closing",   "closing",
                                         "time-wait", "closed",      "half closed", "closing",   "listening", "closing"};
  return state < std::size(kNames) ? kNames[state] : std::string_view{};
}

std::string endpoint(const Address& address, std::uint16_t port) {
  return is_v6(address) ? fmt::format("[{}]:{}", to_string(address), port) : fmt::format("{}:{}", to_string(address), port);
}

}  // namespace

void SocketWatch::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void SocketWatch::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void SocketWatch::run(const std::stop_token& stop) {
  ::prctl(PR_SET_NAME, "sockets");
  while (!stop.stop_requested()) {
    look();
    std::unique_lock lock{mutex_};
    urgent_ = false;
    const auto wait = wanted_.empty() ? std::chrono::nanoseconds{settings_.interval} : std::chrono::nanoseconds{kSecond};
    changed_.wait_for(lock, stop, wait, [this] { return urgent_; });
  }
}

void SocketWatch::look() {
  const auto began = std::chrono::steady_clock::now();
  auto snapshot = diag_.read(wall_clock());
  if (settings_.namespaces) add_namespace_sockets(snapshot);
  auto facts = beats_.on_snapshot(snapshot);
  attribute_all(snapshot);
  const std::lock_guard lock{mutex_};
  for (auto& fact : facts)
    if (facts_.size() < kMostFacts) facts_.push_back(std::move(fact));
  sockets_ = snapshot.sockets.size(), followed_ = beats_.followed(), not_followed_ = beats_.not_followed();
  namespaces_ = snapshot.namespaces.size();
  notes_ = std::move(snapshot.notes);
  if (!snapshot.entered)
    notes_.push_back(
        fmt::format("{} other network namespaces are read without counters, so that keepalives in them are seen in packets only; "
                    "[sockets] enter_namespaces changes that",
                    namespaces_));
  read_ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

void SocketWatch::attribute_all(const SocketSnapshot& snapshot) {
  std::map<std::string, std::shared_ptr<const Incident>> asked;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, wanted] : wanted_) asked.emplace(id, wanted.incident);
  }
  if (asked.empty()) return;
  std::unordered_set<std::uint64_t> inodes;
  for (const auto& [id, incident] : asked)
    for (const auto& sample : snapshot.sockets)
      if (sample.socket.inode != 0 && concerns(*incident, sample)) inodes.insert(sample.socket.inode);
  processes_.look(inodes);
  std::vector<OwnedSocket> owned;
  for (const auto& sample : snapshot.sockets)
    if (inodes.contains(sample.socket.inode)) owned.push_back({&sample, processes_.holder(sample.socket.inode)});
  std::map<std::string, Owner> found;
  for (const auto& [id, incident] : asked) found.emplace(id, owner_among(*incident, snapshot, owned));
  const std::lock_guard lock{mutex_};
  for (auto& [id, owner] : found) {
    const auto wanted = wanted_.find(id);
    if (wanted == wanted_.end()) continue;  // it ended meanwhile
    const bool last = ++wanted->second.looks >= kLooks;
    if (!owner.process && !last) {
      owners_[id] = std::move(owner);  // why not, should the incident end before the last look
      continue;
    }
    wanted_.erase(wanted);
    owners_[id] = std::move(owner);
    news_.push_back(id);
  }
}

// What the named process does besides: raw sockets, how many it talks to, what beats. Empty: nothing worth telling.
std::string SocketWatch::doings_of(const Process& process, const SocketSnapshot& snapshot, const std::vector<RecentSocket>& recent) const {
  const auto inodes = ProcessTable::sockets_of(process.pid);
  std::size_t raw = 0;
  std::set<Address> remotes;
  std::string beats;
  for (const auto& sample : snapshot.sockets) {
    const HostSocket& s = sample.socket;
    if (s.inode == 0 || !inodes.contains(s.inode)) continue;
    raw += s.kind == SocketKind::raw || s.kind == SocketKind::packet;
    if (s.remote_port != 0) remotes.insert(s.remote);
    if (const auto* fact = beats_.beats_of(s.inode); fact && beats.empty())
      beats = fmt::format("; its connection to {} has beaten {} times, last {} ago", endpoint(s.remote, s.remote_port), fact->beats,
                          format_duration(std::max<DurationNs>(snapshot.time - fact->last_seen, 0)));
  }
  std::uint64_t made = 0;
  for (const auto& row : recent) {
    if (row.process.pid != process.pid || row.process.start_ticks != process.start_ticks) continue;
    if (row.sample.socket.remote_port != 0) remotes.insert(row.sample.socket.remote);
    if (row.sample.socket.kind == SocketKind::raw || row.sample.socket.kind == SocketKind::packet) made += row.count;
  }
  std::string out;
  if (raw > 0) out += fmt::format("; it holds {} raw or packet socket{}", raw, raw == 1 ? "" : "s");
  if (raw == 0 && made > 0) out += "; it made a raw or packet socket";
  if (remotes.size() > 1) out += fmt::format("; its sockets go to at least {} addresses", remotes.size());
  return out + beats;
}

Owner SocketWatch::owner_among(const Incident& incident, const SocketSnapshot& snapshot, std::vector<OwnedSocket> sockets) const {
  // A process that still has a socket that fits is judged by its open ones alone.
  const std::size_t open = sockets.size();
  std::set<std::int64_t> has_open;
  for (const auto& one : sockets)
    if (one.process && concerns(incident, *one.sample)) has_open.insert(one.process->pid);
  const auto recent = recent_.since(incident.started - kBefore);
  std::vector<const RecentSocket*> rows;
  for (const auto& row : recent)
    if (!has_open.contains(row.process.pid) && concerns_recent(incident, row.sample)) {
      sockets.push_back({&row.sample, &row.process});
      rows.push_back(&row);
    }
  const auto said = attribute(incident, sockets);
  Owner owner{.reason = said.reason};
  if (!said.socket) {
    if (!recent_.works()) owner.reason += fmt::format("; {}", recent_.problem());
    if (snapshot.unread_processes)
      owner.reason += fmt::format("; the network namespaces of {} processes may not be read", snapshot.unread_processes);
    return owner;
  }
  const Process& process = *sockets[*said.socket].process;
  owner.process = fact_of(process);
  owner.reason += doings_of(process, snapshot, recent);
  if (*said.socket >= open) {
    const RecentSocket& row = *rows[*said.socket - open];
    owner.reason += ", as the kernel told when it did so";
    Process now;
    if (!ProcessTable::read(process.pid, now) || now.start_ticks != process.start_ticks) owner.reason += "; the process has ended since";
    if (!row.seen_alive) owner.reason += "; it was gone before its whole path could be read";
  }
  if (const auto net_ns = sockets[*said.socket].sample->socket.net_ns)
    owner.reason += fmt::format("; it works in {}", namespace_name(snapshot, net_ns));
  return owner;
}

void SocketWatch::on_incident(const IncidentNotice& notice) {
  const Incident& incident = *notice.incident;
  if (!wants_owner(incident)) return;
  const std::lock_guard lock{mutex_};
  if (incident.ended) {
    wanted_.erase(incident.id);
    owners_.erase(incident.id);
    return;
  }
  const auto known = owners_.find(incident.id);
  const bool settled = known != owners_.end() && !wanted_.contains(incident.id);
  if (incident.process || (settled && (known->second.process || !notice.worth_telling()))) return;
  auto& wanted = wanted_[incident.id];
  const bool fresh = wanted.incident == nullptr;
  wanted.incident = notice.incident;
  if (!fresh) return;
  urgent_ = true;
  changed_.notify_all();
}

std::vector<ConnectionFact> SocketWatch::take_facts() {
  const std::lock_guard lock{mutex_};
  return std::exchange(facts_, {});
}

std::optional<Owner> SocketWatch::owner_of(const std::string& incident_id) const {
  const std::lock_guard lock{mutex_};
  const auto found = owners_.find(incident_id);
  return found == owners_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string> SocketWatch::take_news() {
  const std::lock_guard lock{mutex_};
  return std::exchange(news_, {});
}

std::string SocketWatch::status_json() const {
  const std::lock_guard lock{mutex_};
  nlohmann::ordered_json out{{"sockets", sockets_}, {"followed", followed_}, {"not_followed", not_followed_}, {"read_ms", read_ms_}};
  out["namespaces"] = namespaces_, out["at_creation"] = recent_.works(), out["events_lost"] = recent_.lost();
  out["notes"] = notes_;
  if (!recent_.problem().empty()) out["notes"].push_back(recent_.problem());
  return out.dump();
}

std::string SocketWatch::connections_json(std::size_t limit, const std::string& filter) {
  const auto now = wall_clock();
  auto snapshot = SocketDiag{}.read(now);
  add_namespace_sockets(snapshot);
  std::vector<const SocketSample*> rows;
  for (const auto& sample : snapshot.sockets) {
    const HostSocket& s = sample.socket;
    const bool raw = s.kind == SocketKind::raw || s.kind == SocketKind::packet;
    const bool connected = s.remote_port != 0 && s.inode != 0;
    if (raw || connected) rows.push_back(&sample);
  }
  std::unordered_set<std::uint64_t> inodes;
  for (const auto* row : rows) inodes.insert(row->socket.inode);
  ProcessTable processes;
  processes.look(inodes);
  // What is unusual first: raw sockets, then those that carry most.
  std::stable_sort(rows.begin(), rows.end(), [](const SocketSample* a, const SocketSample* b) {
    const auto rank = [](const SocketSample* s) { return s->socket.kind == SocketKind::raw || s->socket.kind == SocketKind::packet; };
    if (rank(a) != rank(b)) return rank(a);
    return a->bytes_sent + a->bytes_received > b->bytes_sent + b->bytes_received;
  });
  auto list = nlohmann::ordered_json::array();
  std::size_t left_out = 0;
  for (const auto* row : rows) {
    const HostSocket& s = row->socket;
    const Process* p = processes.holder(s.inode);
    const bool raw = s.kind == SocketKind::raw || s.kind == SocketKind::packet;
    std::string process = p ? escape_hostile(p->exe.empty() ? p->comm : p->exe, 200) : std::string{};
    if (p && p->exe_deleted) process += " (deleted)";
    const std::string here = s.kind == SocketKind::packet ? "packet socket"
                             : raw                        ? fmt::format("raw socket, protocol {}", s.protocol)
                                                          : endpoint(s.local, s.local_port);
    const std::string there = raw ? std::string{} : endpoint(s.remote, s.remote_port);
    if (!filter.empty() && process.find(filter) == std::string::npos && here.find(filter) == std::string::npos &&
        there.find(filter) == std::string::npos && !(p && fmt::format("{}", p->pid) == filter))
      continue;
    if (list.size() >= limit) {
      ++left_out;
      continue;
    }
    std::string note = !raw                           ? p ? escape_hostile(p->unit, 100) : ""
                       : p && is_raw_socket_owner(*p) ? "known program"
                                                      : "can send any packet";
    if (row->counted && row->last_sent)
      note += fmt::format("{}last sent {} ago", note.empty() ? "" : ", ", format_duration(std::max<DurationNs>(now - row->last_sent, 0)));
    const std::string where = s.net_ns ? namespace_name(snapshot, s.net_ns) : std::string{};
    if (!where.empty()) note += (note.empty() ? "" : ", ") + where;
    list.push_back({{"process", process},
                    {"pid", p ? nlohmann::ordered_json(p->pid) : nlohmann::ordered_json(nullptr)},
                    {"local", here},
                    {"remote", there},
                    {"state", s.kind == SocketKind::tcp   ? std::string{state_name(s.state)}
                              : s.kind == SocketKind::udp ? "UDP"
                                                          : ""},
                    {"bytes_in", row->counted ? nlohmann::ordered_json(row->bytes_received) : nlohmann::ordered_json(nullptr)},
                    {"bytes_out", row->counted ? nlohmann::ordered_json(row->bytes_sent) : nlohmann::ordered_json(nullptr)},
                    {"container", p ? escape_hostile(p->container, 64) : std::string{}},
                    {"namespace", where},
                    {"note", note}});
  }
  nlohmann::ordered_json out{{"schema", 1}, {"rows", std::move(list)}, {"next", nullptr}};
  std::string message;
  for (const auto& note : snapshot.notes) message += (message.empty() ? "" : "; ") + note;
  if (left_out) message += fmt::format("{}{} more are not shown", message.empty() ? "" : "; ", left_out);
  out["message"] = message;
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace sekisho
