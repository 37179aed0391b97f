// Asks nft and, for what iptables made, iptables' own save programs. Sets are listed one by one: a list of a million takes minutes.
#include "audit/firewall_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/check.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

using std::chrono::seconds;

const std::vector<std::string> kNft{"/usr/sbin/nft", "/sbin/nft"};

// The tables of "ip" or "ip6" among "ip filter", "ip6 nat".
std::vector<std::string> of_family(const std::vector<std::string>& tables, const std::string& family) {
  std::vector<std::string> names;
  for (const auto& table : tables)
    if (table.starts_with(family + " ")) names.push_back(table.substr(family.size() + 1));
  return names;
}

void append(Rules& to, Rules from) {
  std::move(from.chains.begin(), from.chains.end(), std::back_inserter(to.chains));
  std::move(from.not_understood.begin(), from.not_understood.end(), std::back_inserter(to.not_understood));
}

// A set's elements as JSON. Sets of addresses may be huge: nft is started for them and ended after three seconds.
Result<std::string> list_set(HostView& host, const RuleSetName& set) {
  std::string last;
  for (const std::string kind : {"set", "map"}) {
    const auto command = fmt::format("list {} {} {} {}", kind, set.family, set.table, set.name);
    if (!set.addresses) {
      auto listed = host.sources().nft_json(command, false);
      if (listed.ok()) return listed;
      last = listed.error().message;
      continue;
    }
    const auto run = host.run(kNft, {"-j", "-y", "list", kind, set.family, set.table, set.name}, seconds{3});
    if (!run.ok()) return run.error();
    if (run.value().status == 0 && !run.value().truncated) return run.value().out;
    last = run.value().timed_out ? "it takes longer than 3 s" : run.value().err;
  }
  return Error{last};
}

void read_nftables(HostView& host, FirewallState& state) {
  const auto text = host.sources().nft_text("list ruleset");
  if (!text.ok()) {
    state.unread.push_back(text.error().message);
    return;
  }
  const auto skeleton = parse_nft_skeleton(text.value());
  NftListing listing;
  listing.device_chains = skeleton.device_chains;
  for (const auto& table : skeleton.tables) {
    if (table.dormant) continue;
    if (table.flagged) {
      state.unread.push_back(fmt::format("the table {} {} has flags with which nft gives a damaged listing", shown(table.family, 20), shown(table.name, 40)));
      continue;
    }
    auto json = host.sources().nft_json(fmt::format("list table {} {}", table.family, table.name), true);
    if (json.ok())
      listing.tables.push_back(std::move(json).value());
    else
      state.unread.push_back(json.error().message);
  }
  const auto first = parse_nft_rules(listing);
  if (!first.ok()) {
    state.unread.push_back(first.error().message);
    return;
  }
  for (const auto& set : first.value().empty_sets) {
    auto listed = list_set(host, set);
    if (listed.ok())
      listing.sets.push_back(std::move(listed).value());
    else
      listing.unread.push_back(fmt::format("{} {} {}", set.family, set.table, set.name));
  }
  // What iptables made with its extensions, the JSON does not show: iptables says it.
  for (const bool v6 : {false, true}) {
    const auto tables = of_family(first.value().compat_tables, v6 ? "ip6" : "ip");
    if (tables.empty()) continue;
    const std::string program = v6 ? "ip6tables-nft-save" : "iptables-nft-save";
    const auto saved = host.run({"/usr/sbin/" + program, "/sbin/" + program}, {}, seconds{5});
    if (!saved.ok() || saved.value().status != 0) continue;  // stays in the JSON, with matches that are not known
    for (const auto& table : tables) {
      if (saved.value().out.find("*" + table + "\n") == std::string::npos) continue;
      append(state.rules, parse_iptables_rules(saved.value().out, v6, v6 ? "ip6tables (nft)" : "iptables (nft)", {table}));
      listing.skip.push_back((v6 ? "ip6 " : "ip ") + table);
    }
  }
  auto whole = parse_nft_rules(listing);
  if (whole.ok())
    append(state.rules, std::move(whole->rules));
  else
    state.unread.push_back(whole.error().message);
}

void read_legacy(HostView& host, FirewallState& state) {
  for (const bool v6 : {false, true}) {
    const auto names = host.text(v6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names");
    if (!names || trimmed(*names).empty()) continue;
    const std::string program = v6 ? "ip6tables-legacy-save" : "iptables-legacy-save";
    const auto saved = host.run({"/usr/sbin/" + program, "/sbin/" + program}, {}, seconds{5});
    if (saved.ok() && saved.value().status == 0 && !saved.value().truncated)
      append(state.rules, parse_iptables_rules(saved.value().out, v6, v6 ? "ip6tables-legacy" : "iptables-legacy"));
    else
      state.unread.push_back(fmt::format("legacy {} rules are loaded, but {} gives none", v6 ? "ip6tables" : "iptables", program));
  }
}

void read_saved(HostView& host, FirewallState& state) {
  struct Saved {
    const char* path;
    bool v6;
  };
  for (const auto& [path, v6] : {Saved{"/etc/iptables/rules.v4", false}, Saved{"/etc/iptables/rules.v6", true}, Saved{"/etc/sysconfig/iptables", false},
                                 Saved{"/etc/sysconfig/ip6tables", true}})
    if (const auto text = host.text(path)) {
      append(state.rules, parse_iptables_rules(*text, v6, path));
      state.source += (state.source.empty() ? "" : " and ") + std::string{path};
    }
  if (host.files().exists("/etc/nftables.conf")) state.unread.push_back("/etc/nftables.conf is only understood once it is loaded");
  if (state.source.empty()) state.unread.push_back("an image has no loaded rules");
}

RuleAnswer join(RuleAnswer a, const RuleAnswer& b) {
  using V = RuleAnswer::Verdict;
  if (a.verdict == b.verdict) return a;
  a.because.insert(a.because.end(), b.because.begin(), b.because.end());
  a.passes.insert(a.passes.end(), b.passes.begin(), b.passes.end());
  a.verdict = a.verdict == V::cannot_tell || b.verdict == V::cannot_tell ? V::cannot_tell : V::partly;
  return a;
}

}  // namespace

FirewallState firewall_state(HostView& host) {
  FirewallState state;
  state.loaded = host.live() && host.sources().nft_json && host.sources().nft_text;
  if (!state.loaded) {
    read_saved(host, state);
    return state;
  }
  state.source = "the loaded rules";
  read_nftables(host, state);
  read_legacy(host, state);
  return state;
}

RuleAnswer follow_host(HostView& host, const FirewallState& state, RuleProbe::Way way, bool v6, std::uint16_t port) {
  RuleProbe probe{.way = way, .v6 = v6, .port = port, .device = {}, .own = {}};
  for (const auto& a : host.own_addresses())
    if (is_v4(a) != v6) probe.own.push_back(a);
  auto devices = v6 ? host.default_interfaces_v6() : host.default_interfaces_v4();
  if (devices.empty()) devices.emplace_back();
  RuleAnswer answer;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    probe.device = devices[i];
    auto one = follow(state.rules, probe);
    answer = i == 0 ? std::move(one) : join(std::move(answer), one);
  }
  // Rules that could not be read may block, let through or redirect.
  if (!state.unread.empty()) {
    answer.verdict = RuleAnswer::Verdict::cannot_tell;
    answer.because = state.unread;
  }
  return answer;
}

}  // namespace sekisho
