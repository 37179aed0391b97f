// ControlServer: the agent's unix socket. Who may do what is decided here, from the kernel's word on who asks.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/file_lock.h"
#include "base/result.h"
#include "control/event_ring.h"
#include "control/protocol.h"

namespace sekisho {

struct ControlServerSettings {
  std::string path;               // at most 107 bytes
  std::string group = "sekisho";  // its members are operators; may be missing on this machine
  bool others_may_view = false;   // any local user is a viewer; otherwise refused
  std::size_t max_clients = 64;
  std::size_t kept_events = 1200, kept_bytes = 16 * 1024 * 1024;  // for subscribers that come back: about ten minutes
};

// A request that was allowed.
struct ControlRequest {
  std::string verb;
  Role role = Role::none;  // the lesser of what the socket grants and what the request claims
  std::uint32_t uid = 0;   // of the asking process
  std::string with;        // parameters: a JSON object as text
};

struct ControlStats {
  std::uint64_t clients = 0, subscribers = 0;                       // now
  std::uint64_t requests = 0, refused = 0, events = 0, missed = 0;  // since the start; missed: events that slow subscribers did not get
};

// One thread of its own serves every client and never waits for one. publish() may be called by any thread and does not block.
class ControlServer {
 public:
  // The answer's data as JSON text. Runs on the server's thread: must be quick.
  using Answer = std::function<Result<std::string>(const ControlRequest&)>;

  // Makes the socket (its folder too) and takes `path`.lock; another agent's is refused.
  static Result<std::unique_ptr<ControlServer>> open(const ControlServerSettings& settings);
  ~ControlServer();

  // Before start(). `snapshot` answers "subscribe" without a number to go on from: JSON text of what holds now.
  void on(const std::string& verb, Role least, Answer answer);
  void on_snapshot(std::function<std::string()> snapshot) { snapshot_ = std::move(snapshot); }
  void start();
  void stop();

  void publish(std::string_view event, std::string_view data);
  ControlStats stats() const;
  const std::string& path() const { return settings_.path; }

 private:
  struct Client;
  struct Verb {
    Role least = Role::admin;
    Answer answer;
  };
  ControlServer(ControlServerSettings settings, FileLock lock);
  void run(const std::stop_token& stop);
  void accept_clients();
  Role role_of(int fd, std::uint32_t& uid) const;
  bool read_from(Client& client);
  void handle(Client& client, std::string_view line);
  void subscribe(Client& client, const RequestLine& request);
  bool write_to(Client& client);

  const ControlServerSettings settings_;
  FileLock lock_;
  int listen_ = -1, wake_ = -1;
  std::uint32_t group_ = ~0U;
  const std::string run_;  // tells numbers of this run from those of the one before
  std::map<std::string, Verb> verbs_;
  std::function<std::string()> snapshot_;
  EventRing ring_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::atomic<std::uint64_t> connected_ = 0, subscribers_ = 0, requests_ = 0, refused_ = 0, missed_ = 0;
  std::jthread thread_;
};

}  // namespace sekisho
