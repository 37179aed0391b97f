// AgentLink: the line to the agent. Follows its events into the LiveFeed, comes back by itself, and asks it on behalf of visitors.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "control/protocol.h"
#include "web/live_feed.h"

namespace sekisho {

class AgentLink {
 public:
  AgentLink(std::string socket, LiveFeed& feed) : socket_(std::move(socket)), feed_(feed) {}
  ~AgentLink() { stop(); }

  void start();  // a thread of its own, until stop()
  void stop();

  bool running() const { return running_; }
  std::string message() const;                     // why it is not, as a sentence; empty while it runs
  std::optional<std::string> last_second() const;  // the data of the last "second" event while the agent runs

  // Any thread; blocks up to two seconds. The agent decides whether the role may.
  Result<std::string> ask(const std::string& verb, const std::string& with, Role role) const;

 private:
  void run(const std::stop_token& stop);
  void follow(const std::stop_token& stop);
  void set(bool running, const std::string& message);

  const std::string socket_;
  LiveFeed& feed_;
  std::atomic<bool> running_ = false;
  mutable std::mutex mutex_;
  std::string message_ = "The agent has not been reached yet.", last_second_;
  std::string run_;  // of the agent, and the number of its last event: where to go on
  std::uint64_t sequence_ = 0;
  std::jthread thread_;
};

}  // namespace sekisho
