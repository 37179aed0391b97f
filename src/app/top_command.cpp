// A screen that is drawn anew each second on a terminal, a line a second elsewhere.
#include "app/top_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/progress.h"
#include "app/raw_terminal.h"
#include "app/top_screen.h"
#include "control/client.h"

namespace sekisho {
namespace {

using nlohmann::json;
constexpr std::uint64_t kStatusEverySeconds = 5;

std::string name_of(const json& event) {
  const auto name = event.is_object() ? event.find("event") : event.end();
  return event.is_object() && name != event.end() && name->is_string() ? name->get<std::string>() : std::string{};
}

// Each line from its beginning, what was there before erased behind it: no flicker.
void show(const TopScreen& screen) {
  const auto [columns, rows] = RawTerminal::size();
  std::string out = "\x1b[H";
  for (const char c : screen.draw(columns, rows)) {
    if (c == '\n')
      out += "\x1b[K\r\n";
    else
      out += c;
  }
  fmt::print("{}\x1b[K\x1b[J", out);
  std::fflush(stdout);
}

}  // namespace

int run_top(const TopCommand& command) {
  const auto config = load_config(command.read.config);
  if (!config.ok()) return fail(config.error());
  const auto& path = config.value().control.socket;
  auto client = ControlClient::connect(path);
  if (!client.ok()) return fail(client.error());
  if (auto done = client.value()->subscribe(); !done.ok()) return fail(done.error());
  auto asks = ControlClient::connect(path);  // the state of the watch itself, now and then
  TopScreen screen{terminal_style(STDOUT_FILENO, command.color)};
  catch_interrupts();
  const auto terminal = command.read.json ? std::nullopt : RawTerminal::take();
  auto size = RawTerminal::size();
  for (std::uint64_t seconds = 0; !interrupted() && seconds < command.seconds.value_or(~0ULL);) {
    bool changed = false;
    if (terminal) {
      pollfd wait[2] = {{STDIN_FILENO, POLLIN, 0}, {client.value()->fd(), POLLIN, 0}};
      ::poll(wait, 2, 200);
      for (auto key = RawTerminal::key(); key != TopScreen::Key::none; key = RawTerminal::key()) {
        if (!screen.on_key(key)) return 0;
        changed = true;
      }
      if (RawTerminal::size() != size) size = RawTerminal::size(), changed = true;
    }
    const auto line = client.value()->next(std::chrono::milliseconds{terminal ? 0 : 500});
    if (!line.ok()) return interrupted() ? 0 : fail(line.error());
    const auto event = line.value() ? json::parse(*line.value(), nullptr, false) : json{};
    const auto name = name_of(event);
    if (name.empty()) {
      if (changed) show(screen);
      continue;
    }
    const auto data = event.value("data", json{});
    if (name == "snapshot") screen.on_snapshot(data);
    if (name == "incident") screen.on_incident(data);
    if (name == "second") screen.on_second(data);
    if (name == "second" && ++seconds % kStatusEverySeconds == 0 && asks.ok())
      if (const auto status = asks.value()->ask("status"); status.ok())
        if (const auto object = json::parse(status.value(), nullptr, false); object.is_object()) screen.on_status(object);
    if (terminal) {
      show(screen);
      continue;
    }
    if (name != "second") continue;
    if (command.read.json)
      fmt::print("{}\n", data.dump(-1, ' ', false, json::error_handler_t::replace));
    else
      fmt::print("{}", screen.line());
    if (std::fflush(stdout) != 0) return 3;
  }
  return 0;
}

}  // namespace sekisho
