// sekisho alert list | test, sekisho ack, sekisho silence.
#pragma once
#include <optional>
#include <string>

namespace sekisho {

struct AlertCommand {
  std::string action;  // "list" "test"
  std::string channel, event = "test";
  bool dry_run = false, json = false;
  std::optional<std::string> config;
};
int run_alert(const AlertCommand& command);

struct AckCommand {
  std::string id;
  bool json = false;
  std::optional<std::string> config;
};
int run_ack(const AckCommand& command);

struct SilenceCommand {
  std::string duration, kind, direction, label, subject, channel, end;
  bool list = false, json = false;
  std::optional<std::string> config;
};
int run_silence(const SilenceCommand& command);

}  // namespace sekisho
