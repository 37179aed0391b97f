// One loop over all clients: accept, read lines, answer, hand on events.
#include "control/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"

namespace sekisho {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kAhead = 64 * 1024;               // events are taken from the ring while less than this waits to be sent
constexpr auto kStuckAfter = std::chrono::seconds{30};  // a client that takes nothing of what waits for it

std::string random_name() {
  std::uint64_t value = 0;
  static_cast<void>(::getrandom(&value, sizeof value, 0) < 0);
  return fmt::format("{:016x}", value);
}

}  // namespace

struct ControlServer::Client {
  int fd = -1;
  Role role = Role::none;
  std::uint32_t uid = 0;
  std::string in, out;
  std::size_t sent = 0;  // of `out`
  bool subscribed = false, ending = false;
  std::set<std::string> wanted;  // names of events; empty = all
  std::uint64_t seen = 0;        // the last event that was handed on or passed over
  Clock::time_point moved = Clock::now();
  ~Client() {
    if (fd >= 0) ::close(fd);
  }
  void say(const std::string& line) { out += line, out += '\n'; }
};

ControlServer::ControlServer(ControlServerSettings settings, FileLock lock)
    : settings_(std::move(settings)), lock_(std::move(lock)), run_(random_name()), ring_(settings_.kept_events, settings_.kept_bytes) {}

ControlServer::~ControlServer() {
  stop();
  if (listen_ >= 0) ::close(listen_), ::unlink(settings_.path.c_str());
  if (wake_ >= 0) ::close(wake_);
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(const ControlServerSettings& settings) {
  const auto& path = settings.path;
  const auto name = escape_hostile(path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return Error{fmt::format("[control] socket = \"{}\": a unix socket's path has 1 to {} bytes", name, sizeof address.sun_path - 1),
                 ErrorKind::usage};
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto folder = std::filesystem::path{path}.parent_path();
  std::error_code failed;
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  if (failed)
    return Error{fmt::format("cannot make the folder {} for the control socket: {}", escape_hostile(folder.string()), failed.message())};
  auto lock =
      TRY(FileLock::take(path + ".lock", "another agent already has this control socket", "give this one its own [control] socket"));
  std::unique_ptr<ControlServer> server{new ControlServer(settings, std::move(lock))};
  const auto failure = [&](std::string_view what) {
    return Error{fmt::format("control socket {}: {}: {}", name, what, std::strerror(errno))};
  };
  server->listen_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  server->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (server->listen_ < 0 || server->wake_ < 0) return failure("cannot be made");
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0) {
    // Whoever holds the lock owns the name: a socket there was left by an agent that died.
    if (!S_ISSOCK(old.st_mode))
      return Error{fmt::format("{} is there already and is no socket: move it away, or set [control] socket", name), ErrorKind::usage};
    ::unlink(path.c_str());
  }
  const auto mask = ::umask(0177);
  const int bound = ::bind(server->listen_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(mask);
  if (bound != 0) return failure("cannot be bound");
  if (const group* found = ::getgrnam(settings.group.c_str())) {
    server->group_ = found->gr_gid;
    if (::chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0 && ::geteuid() == 0)
      return failure("cannot be given to its group");
  }
  if (::chmod(path.c_str(), settings.others_may_view ? 0666 : 0660) != 0) return failure("cannot have its rights set");
  if (::listen(server->listen_, 32) != 0) return failure("cannot listen");
  return server;
}

void ControlServer::on(const std::string& verb, Role least, Answer answer) { verbs_[verb] = {least, std::move(answer)}; }

void ControlServer::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void ControlServer::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one) < 0);
  thread_.join();
  clients_.clear();
}

void ControlServer::publish(std::string_view event, std::string_view data) {
  ring_.add(event, data);
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one) < 0);
}

ControlStats ControlServer::stats() const { return {connected_, subscribers_, requests_, refused_, ring_.newest(), missed_}; }

void ControlServer::run(const std::stop_token& stop) {
  std::vector<pollfd> waiting;
  while (!stop.stop_requested()) {
    waiting.assign({{listen_, POLLIN, 0}, {wake_, POLLIN, 0}});
    for (const auto& c : clients_)
      waiting.push_back({c->fd, static_cast<short>((c->ending ? 0 : POLLIN) | (c->sent < c->out.size() ? POLLOUT : 0)), 0});
    const int ready = ::poll(waiting.data(), waiting.size(), 5000);
    if (ready < 0 && errno != EINTR) return;
    if (waiting[1].revents) {
      std::uint64_t count = 0;
      static_cast<void>(::read(wake_, &count, sizeof count) < 0);
    }
    const auto now = Clock::now();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      auto& client = *clients_[i];
      const auto events = waiting[i + 2].revents;
      bool alive = true;
      if (events & (POLLIN | POLLHUP | POLLERR)) alive = read_from(client);
      alive = alive && write_to(client);
      if (client.sent < client.out.size() && now - client.moved > kStuckAfter) alive = false;
      if (!alive) clients_[i].reset();
    }
    std::erase(clients_, nullptr);
    if (waiting[0].revents) accept_clients();
    connected_ = clients_.size();
    subscribers_ = static_cast<std::uint64_t>(std::count_if(clients_.begin(), clients_.end(), [](const auto& c) { return c->subscribed; }));
  }
}

Role ControlServer::role_of(int fd, std::uint32_t& uid) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return Role::none;
  uid = peer.uid;
  if (peer.uid == 0 || peer.uid == ::geteuid()) return Role::admin;
  if (group_ != ~0U) {
    if (peer.gid == group_) return Role::operator_;
    std::vector<gid_t> groups(256);
    size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      if (std::find(groups.begin(), groups.end(), group_) != groups.end()) return Role::operator_;
    }
  }
  return settings_.others_may_view ? Role::viewer : Role::none;
}

void ControlServer::accept_clients() {
  for (;;) {
    const int fd = ::accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    auto client = std::make_unique<Client>();
    client->fd = fd;
    client->role = role_of(fd, client->uid);
    if (client->role == Role::none) {
      ++refused_;
      client->say(error_line(
          0, "denied",
          fmt::format("user {} may not ask this agent: only root and members of the group {} may", client->uid, settings_.group)));
      client->ending = true;
    } else if (clients_.size() >= settings_.max_clients) {
      ++refused_;
      client->say(error_line(0, "failed", fmt::format("{} programs are connected already", clients_.size())));
      client->ending = true;
    }
    if (write_to(*client)) clients_.push_back(std::move(client));
  }
}

// False: the client is gone.
bool ControlServer::read_from(Client& client) {
  char buffer[16 * 1024];
  const auto got = ::recv(client.fd, buffer, sizeof buffer, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  if (client.ending) return true;
  client.in.append(buffer, static_cast<std::size_t>(got));
  std::size_t from = 0;
  for (auto end = client.in.find('\n'); end != std::string::npos && !client.ending; end = client.in.find('\n', from)) {
    handle(client, std::string_view{client.in}.substr(from, end - from));
    from = end + 1;
  }
  client.in.erase(0, from);
  if (client.in.size() > kMaxRequestBytes || client.out.size() > 2 * kMaxAnswerBytes) {
    client.say(error_line(0, "bad_request", "bad request: the line is longer than 64 KiB, or answers are not read; see docs/control.md"));
    client.in.clear();
    client.ending = true;
  }
  return true;
}

void ControlServer::handle(Client& client, std::string_view line) {
  if (line.empty() || line == "\r") return;
  ++requests_;
  const auto parsed = parse_request(line);
  if (!parsed.ok()) return client.say(error_line(0, "bad_request", parsed.error().message));
  const auto& request = *&parsed.value();
  const Role role = std::min(client.role, request.role);
  if (request.verb == "subscribe") return subscribe(client, request);
  const auto verb = verbs_.find(request.verb);
  if (verb == verbs_.end()) return client.say(error_line(request.id, "unknown", fmt::format("the agent does not know '{}'", request.verb)));
  if (role < verb->second.least) {
    ++refused_;
    return client.say(error_line(
        request.id, "denied",
        fmt::format("'{}' needs the role {}, this request has {}", request.verb, to_string(verb->second.least), to_string(role))));
  }
  const auto answer = verb->second.answer({request.verb, role, client.uid, request.with});
  if (!answer.ok())
    return client.say(error_line(request.id, answer.error().kind == ErrorKind::usage ? "bad_request" : "failed", answer.error().message));
  if (answer.value().size() > kMaxAnswerBytes) return client.say(error_line(request.id, "failed", "the answer is too long: ask for less"));
  client.say(answer_line(request.id, answer.value()));
}

void ControlServer::subscribe(Client& client, const RequestLine& request) {
  const json with = json::parse(request.with, nullptr, false);
  client.wanted.clear();
  if (const auto names = with.find("events"); names != with.end() && names->is_array())
    for (const auto& name : *names)
      if (name.is_string()) client.wanted.insert(name.get<std::string>());
  const auto after = with.find("after"), run = with.find("run");
  const bool resumed = after != with.end() && after->is_number_unsigned() && run != with.end() && run->is_string() && *run == run_ &&
                       ring_.reaches(after->get<std::uint64_t>());
  // Before the snapshot is taken: what changes meanwhile comes as an event too.
  client.seen = resumed ? after->get<std::uint64_t>() : ring_.newest();
  json data{{"run", run_}, {"seq", client.seen}, {"resumed", resumed}};
  client.say(answer_line(request.id, data.dump()));
  if (!resumed && snapshot_) client.say(event_line("snapshot", client.seen, snapshot_()));
  client.subscribed = true;
}

// False: the client is gone, or has been told everything and is to go.
bool ControlServer::write_to(Client& client) {
  for (;;) {
    while (client.subscribed && !client.ending && client.out.size() - client.sent < kAhead) {
      const auto event = ring_.after(client.seen);
      if (!event) break;
      if (event->sequence != client.seen + 1) {
        const auto missed = event->sequence - client.seen - 1;
        missed_ += missed;
        client.say(event_line("gap", event->sequence - 1, fmt::format(R"({{"missed":{}}})", missed)));
      }
      client.seen = event->sequence;
      if (client.wanted.empty() || client.wanted.contains(event->name)) client.out += event->line;
    }
    if (client.sent == client.out.size()) break;
    const auto sent = ::send(client.fd, client.out.data() + client.sent, client.out.size() - client.sent, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    client.sent += static_cast<std::size_t>(sent);
    client.moved = Clock::now();
    if (client.sent == client.out.size()) client.out.clear(), client.sent = 0;
  }
  client.moved = Clock::now();
  return !client.ending;
}

}  // namespace sekisho
