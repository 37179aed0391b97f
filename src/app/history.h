// What the reading commands share: the store, the agent's socket, and how a stopped agent is spoken of.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "app/config.h"
#include "app/time_words.h"
#include "store/store.h"

namespace sekisho {

// Options that every reading command has.
struct ReadOptions {
  std::optional<std::string> config, since, until;
  bool json = false, quiet = false;
};

struct History {
  Config config;
  std::unique_ptr<StoreReader> reader;
  TimeRange range;
};
// The configuration, the store and the time range (`reach` back when --since is not given). The range is echoed on stderr when one was
// asked for; when the agent does not run, a sentence there says since when and how to start it.
Result<History> open_history(const ReadOptions& options, DurationNs reach);

// The sentence on stderr alone; nothing when the agent runs.
void say_when_stopped(const Config& config, StoreReader* reader, bool quiet);

}  // namespace sekisho
