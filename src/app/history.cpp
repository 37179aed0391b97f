// Opens the store for a command.
#include "app/history.h"

#include <fmt/format.h>

#include "control/client.h"

namespace sekisho {

void say_when_stopped(const Config& config, StoreReader* reader, bool quiet) {
  if (quiet || !agent_is_absent(config.control.socket)) return;
  std::string until;
  if (reader)
    if (const auto facts = reader->facts(); facts.ok() && facts.value().last_second)
      until = fmt::format(" (history ends {})", format_local(*facts.value().last_second));
  fmt::print(stderr, "sekisho: the agent is not running{}: start it with 'sudo systemctl start sekisho' or 'sudo sekisho agent'\n", until);
}

Result<History> open_history(const ReadOptions& options, DurationNs reach) {
  History history;
  history.config = TRY(load_config(options.config));
  history.range = TRY(parse_time_range(options.since, options.until, wall_clock(), reach));
  history.reader = TRY(open_store_reader(history.config.store.path));
  if (!options.quiet && (options.since || options.until))
    fmt::print(stderr, "sekisho: from {} to {}\n", format_local(history.range.since), format_local(history.range.until));
  say_when_stopped(history.config, history.reader.get(), options.quiet);
  return history;
}

}  // namespace sekisho
