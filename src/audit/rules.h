// Rules: the loaded packet filter as data, the same for nftables (from its JSON) and iptables (from its save format).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/address.h"

namespace sekisho {

enum class FilterFamily : std::uint8_t { inet, ip, ip6, netdev, other };

// What a match looks at. `varies`: a property of the packet or its sender that a sender chooses or that changes with time (user, cgroup,
// rate, length): both outcomes must be followed. `unknown`: not understood: it cannot be told which packets match.
enum class RuleField : std::uint8_t {
  l4proto, nfproto, ethertype, dport, sport, daddr, saddr, oif, iif, ct_state, ct_direction, tcp_flags, uid, gid, mark, ct_mark,
  daddr_type, saddr_type, never, varies, unknown
};

// A number, a port, an address (IPv4 as ::ffff:a.b.c.d), a flag or a name; from `low` to `high`.
struct RuleRange {
  Address low, high;
  friend bool operator==(const RuleRange&, const RuleRange&) = default;
};
struct RuleValues {
  std::vector<RuleRange> ranges;
  std::vector<std::string> names;  // of interfaces; a trailing * stands for any end
  bool all_known = true;           // false: there are values that were not understood or not read
};

struct RuleMatch {
  enum class Op : std::uint8_t { in, not_in, any_bit };  // any_bit: flags, at least one of them
  // One field, or several that are compared together (a concatenation).
  std::vector<RuleField> fields;
  std::vector<std::vector<RuleValues>> elements;  // each has one RuleValues per field; one element with many ranges for simple matches
  Op op = Op::in;
  std::uint64_t mask = ~0ULL;  // of the (one) field's number, before it is compared
  bool v4_only = false, v6_only = false;  // the field exists in packets of one family alone
  bool temporary = false;                 // the elements have time-outs: what matches now may not in an hour
  std::string text;                       // for people: "ip daddr 192.0.2.0/24"
  std::string identity;                   // equal where the same packet gives the same answer; empty: every look is another (rates)
};

enum class RuleAction : std::uint8_t {
  none,      // counts, logs: goes on
  match,     // goes on only where it matches
  accept, drop, reject, queue, returns, jump, go_to,
  set_mark,  // value in `number`; all_known false: to something that is not known
  set_ct_mark,
  untrack,   // the packet gets no connection tracking
  rewrite,   // the packet's destination changes: what it meets then is another question
  unknown    // may do anything
};

struct RuleStep {
  RuleAction action = RuleAction::none;
  RuleMatch match;
  std::string target;  // of jump and go_to
  std::uint64_t number = 0;
  bool number_known = true;
  // A verdict map: after `match.fields` are looked up, the verdict of the first element that matches. Empty: no map.
  std::vector<std::pair<std::vector<RuleValues>, RuleStep>> map;
};

struct Rule {
  std::vector<RuleStep> steps;
  std::string text;  // where it stands and what it says: "inet filter output handle 7: tcp dport 23 drop"
};

struct RuleChain {
  FilterFamily family = FilterFamily::other;
  std::string table, name;
  bool base = false;
  std::string type, hook;            // "filter", "nat", "route"; "output", "postrouting", "input", "egress", …
  std::vector<std::string> devices;  // of netdev hooks
  int priority = 0;
  bool policy_drop = false;
  std::vector<Rule> rules;
  std::string origin;  // "nftables", "iptables (nft)", "iptables-legacy"
};

// A named set or map that rules use and whose elements were not in the listing.
struct RuleSetName {
  std::string family, table, name;
  bool addresses = false;  // has an address in its key: may be huge
};

struct Rules {
  std::vector<RuleChain> chains;
  std::vector<std::string> not_understood;  // expressions, for people; at most 50
};

// What nft's text says and its JSON does not (nft 1.0.6): the tables with their flags, and the devices of chains.
struct NftTable {
  std::string family, name;
  bool dormant = false;  // loaded, and without effect
  bool flagged = false;  // has any flag: its JSON is damaged
};
struct NftSkeleton {
  std::vector<NftTable> tables;
  struct Chain {
    std::string table, name;  // "netdev t", "e"
    std::vector<std::string> devices;
  };
  std::vector<Chain> device_chains;
};
NftSkeleton parse_nft_skeleton(std::string_view text);

// nftables: the JSON of `list table`, one for each table. `sets` holds the JSON of `list set` or `list map` for sets whose elements are not in
// it. Tables in `skip` ("ip filter") are left out. Sets in `unread` ("ip filter name") could not be listed: what matches them is not known. An
// error when it is no such JSON.
struct NftListing {
  std::vector<std::string> tables, sets, skip, unread;
  std::vector<NftSkeleton::Chain> device_chains;
};
struct NftRules {
  Rules rules;
  std::vector<RuleSetName> empty_sets;     // used by rules, without elements in the listing: either empty or listed terse
  std::vector<std::string> compat_tables;  // "ip filter": made by iptables, with matches that the JSON does not show
};
Result<NftRules> parse_nft_rules(const NftListing& listing);

// iptables: the output of iptables-save or ip6tables-save. Only the tables in `only` ("filter") when it is not empty.
Rules parse_iptables_rules(const std::string& save, bool v6, const std::string& origin, const std::vector<std::string>& only = {});

}  // namespace sekisho
