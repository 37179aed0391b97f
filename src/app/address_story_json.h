// The JSON of an address's story: `sekisho show ADDRESS --json` and the dashboard's view.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "app/address_story.h"

namespace sekisho {

// A request to the agent: verb and parameters; empty: there is none.
using Ask = std::function<Result<std::string>(const std::string& verb, const std::string& with)>;

// Rows of the agent's table of connections that name the address; none when it does not run, or for a network.
nlohmann::ordered_json connections_of(const Network& network, const Ask& ask);
nlohmann::ordered_json story_json(const AddressStory& story, const nlohmann::ordered_json& connections);

}  // namespace sekisho
