// The loaded packet filter of the host: nftables, iptables on top of it, and legacy iptables, together.
#pragma once
#include <string>
#include <vector>

#include "audit/host_view.h"
#include "audit/rule_path.h"
#include "audit/rules.h"

namespace sekisho {

struct FirewallState {
  Rules rules;
  std::vector<std::string> unread;  // what could not be read: then no answer is sure
  bool loaded = false;              // rules of a running kernel, as against saved ones of an image
  std::string source;               // for people: "loaded rules", "/etc/iptables/rules.v4"
};

FirewallState firewall_state(HostView& host);

// What happens to TCP to `port` on the default routes' devices; of several devices the answers are joined.
RuleAnswer follow_host(HostView& host, const FirewallState& state, RuleProbe::Way way, bool v6, std::uint16_t port);

}  // namespace sekisho
