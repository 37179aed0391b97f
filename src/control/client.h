// ControlClient: asks the running agent. For the command line and the dashboard's process.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/protocol.h"

namespace sekisho {

// One thread at a time; blocks. Data are JSON values as text.
class ControlClient {
 public:
  // An error says how to start the agent, or who may ask it. agent_is_absent() tells the first from all others.
  static Result<std::unique_ptr<ControlClient>> connect(const std::string& path);
  ~ControlClient();

  // `with`: a JSON object as text. Not on a connection that has subscribed.
  Result<std::string> ask(const std::string& verb, const std::string& with = "{}", Role role = Role::admin,
                          std::chrono::milliseconds patience = std::chrono::seconds{10});

  // From now on only next() may be called. Returns {"run":…,"seq":…,"resumed":…}.
  Result<std::string> subscribe(const std::string& with = "{}", Role role = Role::admin);
  // The next line of the stream, {"v":1,"event":…,"seq":…,"data":…}; empty after `patience`; an error when the agent went away.
  Result<std::optional<std::string>> next(std::chrono::milliseconds patience);

  int fd() const { return fd_; }  // for poll()

 private:
  explicit ControlClient(int fd) : fd_(fd) {}
  Result<void> send(const std::string& line, std::chrono::milliseconds patience);

  int fd_;
  std::string buffer_;
  std::uint64_t id_ = 0;
};

// Nobody answers at the socket: the agent does not run. (Otherwise connect() failed for want of rights.)
bool agent_is_absent(const std::string& path);

}  // namespace sekisho
