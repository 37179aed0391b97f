// /api/v1/address?of=198.51.100.7: what one address or network did, in one timeline.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "web/api.h"

namespace sekisho {
namespace {

constexpr std::uint64_t kReachS = 30 * 86'400;

HttpResponse address(const Api& api, Call& call) {
  const auto& of = call.query("of");
  const auto network = of.size() <= 64 ? parse_network(of) : std::nullopt;
  if (!network)
    return error_response(400, fmt::format("'{}' is no address or network", escape_hostile(of, 64)),
                          "of=198.51.100.7, of=203.0.113.0/24 or of=2001:db8::/64");
  const auto span = span_of(call, kReachS);
  if (!span.ok()) return error_response(400, span.error().message);
  auto reader = call.worker.store();
  if (!reader.ok()) return store_failed(reader.error());
  const auto ask = [&](const std::string& verb, const std::string& with) -> Result<std::string> {
    if (!api.agent.running()) return Error{api.agent.message()};
    return api.agent.ask(verb, with, Role::viewer);
  };
  const auto told = api.lent.story(*reader.value(), *network, span.value().from, span.value().to, ask);
  if (!told.ok()) return store_failed(told.error());
  auto document = Json::parse(told.value(), nullptr, false);
  document["place"] = nullptr;
  if (network->prefix_bits == 128 && api.places.any()) {
    const auto place = api.places.find(network->base);
    document["place"] = {{"asn", place.asn}, {"organization", place.organization}, {"country", place.country}};
  }
  const Json rows = document["timeline"];
  return rows_response(call, document, rows, "address");
}

}  // namespace

void add_address_route(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/address", Role::viewer, [&api](Call& call) { return address(api, call); });
}

}  // namespace sekisho
