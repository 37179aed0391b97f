// Following the agent's events.
#include "web/agent_link.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <nlohmann/json.hpp>

#include "control/client.h"

namespace sekisho {

using nlohmann::json;

void AgentLink::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void AgentLink::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

std::string AgentLink::message() const {
  const std::lock_guard lock{mutex_};
  return message_;
}

std::optional<std::string> AgentLink::last_second() const {
  const std::lock_guard lock{mutex_};
  if (!running_ || last_second_.empty()) return std::nullopt;
  return last_second_;
}

Result<std::string> AgentLink::ask(const std::string& verb, const std::string& with, Role role) const {
  const auto client = TRY(ControlClient::connect(socket_));
  return client->ask(verb, with, role, std::chrono::seconds{2});
}

void AgentLink::set(bool running, const std::string& message) {
  bool changed = false;
  {
    const std::lock_guard lock{mutex_};
    changed = running_ != running;
    running_ = running;
    message_ = message;
  }
  if (changed)
    feed_.add("", "agent", json{{"running", running}, {"message", message}}.dump(-1, ' ', false, json::error_handler_t::replace));
}

void AgentLink::run(const std::stop_token& stop) {
  std::mutex waiting;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    follow(stop);
    std::unique_lock lock{waiting};
    wake.wait_for(lock, stop, std::chrono::seconds{1}, [] { return false; });
  }
}

void AgentLink::follow(const std::stop_token& stop) {
  auto connected = ControlClient::connect(socket_);
  if (!connected.ok()) return set(false, connected.error().message);
  auto& client = **connected;
  const auto said = client.subscribe(json{{"events", {"second", "incident"}}, {"run", run_}, {"after", sequence_}}.dump(), Role::viewer);
  if (!said.ok()) return set(false, said.error().message);
  const auto start = json::parse(said.value(), nullptr, false);
  if (start.is_object() && start.value("run", json{}).is_string()) {
    run_ = start["run"];
    if (start.value("seq", json{}).is_number_unsigned()) sequence_ = start["seq"];
  }
  set(true, "");
  while (!stop.stop_requested()) {
    const auto next = client.next(std::chrono::milliseconds{500});
    if (!next.ok()) return set(false, next.error().message);
    const auto& line = next.value();
    if (!line) continue;
    const auto event = json::parse(*line, nullptr, false);
    if (!event.is_object() || !event.value("event", json{}).is_string()) continue;
    const std::string name = event["event"];
    if (event.value("seq", json{}).is_number_unsigned()) sequence_ = event["seq"];
    const auto data = event.value("data", json{}).dump(-1, ' ', false, json::error_handler_t::replace);
    if (name == "second") {
      const std::lock_guard lock{mutex_};
      last_second_ = data;
    } else if (name != "incident" && name != "gap") {
      continue;
    }
    feed_.add(fmt::format("{}.{}", run_, sequence_), name == "gap" ? "reset" : name, name == "gap" ? "{}" : data);
  }
}

}  // namespace sekisho
