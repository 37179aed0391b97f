// Told, configured, or found out, in this order.
#include "app/agent_plan.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/command.h"
#include "app/live_source.h"
#include "base/text.h"
#include "input/interfaces.h"
#include "input/link_info.h"

namespace sekisho {
namespace {

Result<void> fill_random(void* into, std::size_t size) {
  if (::getrandom(into, size, 0) == static_cast<ssize_t>(size)) return {};
  return Error{fmt::format("the kernel gives no random numbers: {}", std::strerror(errno))};
}

bool is_loopback(const Network& n) { return is_v4(n.base) ? v4_value(n.base) >> 24 == 127 : n.base.high == 0 && n.base.low == 1; }

// What the agent takes for its own side: told, configured, or the addresses of the host.
Result<std::vector<Network>> local_side(const AgentOptions& options, const Config& config, const std::vector<std::string>& interfaces) {
  auto local = TRY(networks_of(options.local, "--local"));
  if (local.empty()) local = config.local;
  if (!local.empty()) return local;
  local = local_networks();
  if (interfaces != std::vector<std::string>{"lo"} && std::all_of(local.begin(), local.end(), is_loopback))
    return Error{"this machine has no address yet, so what comes in and what goes out cannot be told: give it one, or say --local ADDRESS"};
  return local;
}

template <class Items>
std::string joined(const Items& items, std::size_t most, auto text) {
  std::string all;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) all += (i ? ", " : "") + text(items[i]);
  if (items.size() > most) all += fmt::format(" and {} more", items.size() - most);
  return all;
}

}  // namespace

Result<AgentPlan> plan_agent(const AgentOptions& options, const Config& config) {
  AgentPlan plan;
  const auto publics = TRY(networks_of(options.publics, "--public"));
  plan.capture = config.capture;
  if (!options.interfaces.empty()) plan.capture.interfaces = options.interfaces;
  plan.capture.interfaces = TRY(interfaces_to_watch(plan.capture));
  if (auto links = LinkReader::open(); links.ok())
    plan.notes = leave_out_doubles(plan.capture.interfaces, [&](const std::string& name) { return links.value().read(::if_nametoindex(name.c_str())); });
  plan.pipeline.local = TRY(local_side(options, config, plan.capture.interfaces));
  plan.follow_addresses = options.local.empty() && config.local.empty();
  plan.pipeline.publics = config.publics;
  for (const auto& network : publics) plan.pipeline.publics.push_back(network.base);
  plan.pipeline.incidents.forget_closed = true;
  TRY(fill_random(&plan.pipeline.key, sizeof plan.pipeline.key));
  TRY(fill_random(&plan.pipeline.incidents.id_seed, sizeof plan.pipeline.incidents.id_seed));
  plan.retention = retention_of(config.store);

  plan.local = plan.pipeline.local;
  plan.sentence = fmt::format("Watching {} for {}.",
                              joined(plan.capture.interfaces, 8, [](const std::string& name) { return escape_hostile(name, 32); }),
                              joined(plan.local, 6, [](const Network& n) { return to_string(n); }));
  return plan;
}

}  // namespace sekisho
