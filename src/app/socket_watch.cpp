// The loop, the join of sockets and processes, and the table of connections.
#include "app/socket_watch.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "app/time_words.h"
#include "base/text.h"
#include "incident/attribution.h"
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
    const auto wait = wanted_.empty() ? std::chrono::nanoseconds{interval_} : std::chrono::nanoseconds{kSecond};
    changed_.wait_for(lock, stop, wait, [this] { return urgent_; });
  }
}

void SocketWatch::look() {
  const auto began = std::chrono::steady_clock::now();
  const auto snapshot = diag_.read(wall_clock());
  auto facts = beats_.on_snapshot(snapshot);
  attribute_all(snapshot);
  const std::lock_guard lock{mutex_};
  for (auto& fact : facts)
    if (facts_.size() < kMostFacts) facts_.push_back(std::move(fact));
  sockets_ = snapshot.sockets.size(), followed_ = beats_.followed(), not_followed_ = beats_.not_followed();
  notes_ = snapshot.notes;
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
  for (const auto& [id, incident] : asked) {
    const auto said = attribute(*incident, owned);
    found.emplace(id, Owner{said.socket ? std::optional{fact_of(*owned[*said.socket].process)} : std::nullopt, said.reason});
  }
  const std::lock_guard lock{mutex_};
  for (auto& [id, owner] : found) {
    const auto wanted = wanted_.find(id);
    if (wanted == wanted_.end()) continue;  // it ended meanwhile
    const bool last = ++wanted->second.looks >= kLooks;
    if (!owner.process && !last) continue;
    wanted_.erase(wanted);
    owners_[id] = std::move(owner);
    news_.push_back(id);
  }
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
  if (incident.process || (known != owners_.end() && (known->second.process || !notice.worth_telling()))) return;
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
  out["notes"] = notes_;
  return out.dump();
}

std::string SocketWatch::connections_json(std::size_t limit, const std::string& filter) {
  const auto now = wall_clock();
  const auto snapshot = SocketDiag{}.read(now);
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
    list.push_back({{"process", process},
                    {"pid", p ? nlohmann::ordered_json(p->pid) : nlohmann::ordered_json(nullptr)},
                    {"local", here},
                    {"remote", there},
                    {"state", s.kind == SocketKind::tcp   ? std::string{state_name(s.state)}
                              : s.kind == SocketKind::udp ? "UDP"
                                                          : ""},
                    {"bytes_in", row->counted ? nlohmann::ordered_json(row->bytes_received) : nlohmann::ordered_json(nullptr)},
                    {"bytes_out", row->counted ? nlohmann::ordered_json(row->bytes_sent) : nlohmann::ordered_json(nullptr)},
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
