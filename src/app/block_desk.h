// The block list's verbs: the agent's control socket and the command without an agent answer alike.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/blocker.h"
#include "app/config.h"
#include "control/server.h"

namespace sekisho {

// What the configuration says about blocking.
BlockerSettings blocker_settings(const Config& config);

// block.list, block.why, block.add, block.del, block.flush, block.panic, block.resume, block.confirm; docs/block.md. `with` and the answer
// are JSON objects as text.
Result<std::string> answer_block(Blocker& blocker, std::string_view verb, const std::string& with, const BlockActor& actor);
// Before the server's start(). `blocker` must live as long as the server answers. `settle` waits until a change is on the disk: an answer
// whose change is not says so in "not_stored".
void add_block_verbs(ControlServer& server, Blocker& blocker, std::function<Result<void>()> settle);

// Rows {address, reason, incident, proof, hits, since, expires, state} of the dashboard's view.
std::string block_rows_json(const Blocker& blocker, std::size_t limit, const std::string& filter, TimeNs now);
// The part "block" of the agent's status.
std::string block_status_json(const Blocker& blocker, std::size_t early, std::size_t without_room);

}  // namespace sekisho
