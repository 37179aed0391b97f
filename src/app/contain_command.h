// sekisho contain: drops what a unit, cgroup, user or the whole host sends, for a time, with a trial that ends by itself.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho {

struct ContainCommand {
  std::string action = "start";  // start, list, confirm, release
  std::optional<std::string> unit, cgroup, config;
  std::optional<std::uint32_t> uid;
  bool host = false, dry_run = false, yes = false, json = false;
  std::vector<std::string> allow;
  std::string duration;  // of --for
  std::string id;        // of confirm and release
};

// Exit status: 0 done; 1 confirm or release found nothing by that id; 2 usage or configuration; 3 it could not be done.
int run_contain(const ContainCommand& command);

}  // namespace sekisho
