// What subcommands share: from an error to the exit status, and options that are lists of addresses.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/address.h"

namespace sekisho {

// Says it on stderr; the exit status: 2 wrong usage or configuration, 3 the work could not be done.
int fail(const Error& error);

// "203.0.113.5,2001:db8::/32" and repeated options alike. `option` stands in the message.
Result<std::vector<Network>> networks_of(const std::vector<std::string>& texts, std::string_view option);

}  // namespace sekisho
