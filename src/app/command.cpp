// Exit statuses and address lists of the command line.
#include "app/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace sekisho {

int fail(const Error& error) {
  fmt::print(stderr, "sekisho: {}\n", error.message);
  return error.kind == ErrorKind::usage ? 2 : 3;
}

Result<std::vector<Network>> networks_of(const std::vector<std::string>& texts, std::string_view option) {
  std::vector<Network> networks;
  for (const auto& text : texts)
    for (std::size_t at = 0; at <= text.size();) {
      const auto comma = std::min(text.find(',', at), text.size());
      const auto one = text.substr(at, comma - at);
      const auto network = parse_network(one);
      if (!network)
        return Error{fmt::format("{} '{}' is no address or network; write 203.0.113.5 or 203.0.113.0/24", option, escape_hostile(one)),
                     ErrorKind::usage};
      networks.push_back(*network);
      at = comma + 1;
    }
  return networks;
}

}  // namespace sekisho
