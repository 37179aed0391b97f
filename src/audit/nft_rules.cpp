// nftables' JSON (libnftables-json(5)) -> Rules. What is not understood becomes `unknown`, never a guess.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "audit/check.h"
#include "audit/rule_terms.h"
#include "audit/rules.h"

namespace sekisho {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;

// JSON that is nested beyond reason would exhaust the stack of those who walk through it.
bool deeper_than(std::string_view text, int limit) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '\\') ++i;
      else if (text[i] == '"') quoted = false;
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '[' || text[i] == '{') {
      if (++depth > limit) return true;
    } else if (text[i] == ']' || text[i] == '}') {
      --depth;
    }
  }
  return false;
}
const json kNothing;
const json& at(const json& object, const char* key) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}
std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : std::string{}; }
// The one member of {"accept": null}; empty when it is no such thing.
std::pair<std::string, const json*> only_member(const json& object) {
  if (!object.is_object() || object.size() != 1) return {"", &kNothing};
  return {object.begin().key(), &object.begin().value()};
}

FilterFamily family_of(const std::string& name) {
  if (name == "inet") return FilterFamily::inet;
  if (name == "ip") return FilterFamily::ip;
  if (name == "ip6") return FilterFamily::ip6;
  if (name == "netdev") return FilterFamily::netdev;
  return FilterFamily::other;
}

std::string short_text(const json& value) {
  auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  std::erase_if(text, [](char c) { return c == '"'; });
  return shown(text, 80);
}

struct NamedSet {
  std::string type;      // joined by '.'
  const json* elements = nullptr;
};

// What an expression on the left of a match is.
struct Left {
  RuleField field = RuleField::unknown;
  bool v4_only = false, v6_only = false;
  std::uint64_t mask = ~0ULL;
  std::string text;
};

RuleField meta_field(const std::string& key) {
  static const std::map<std::string, RuleField> fields{
      {"l4proto", RuleField::l4proto}, {"nfproto", RuleField::nfproto}, {"protocol", RuleField::ethertype}, {"oif", RuleField::oif},
      {"oifname", RuleField::oif},     {"iif", RuleField::iif},         {"iifname", RuleField::iif},        {"skuid", RuleField::uid},
      {"skgid", RuleField::gid},       {"mark", RuleField::mark},       {"cgroup", RuleField::varies},      {"length", RuleField::varies},
      {"priority", RuleField::varies}, {"cpu", RuleField::varies},      {"random", RuleField::varies},      {"time", RuleField::varies},
      {"day", RuleField::varies},      {"hour", RuleField::varies}};
  const auto found = fields.find(key);
  return found == fields.end() ? RuleField::unknown : found->second;
}

Left payload_field(const json& payload) {
  Left left;
  const auto protocol = text_of(at(payload, "protocol")), field = text_of(at(payload, "field"));
  left.text = protocol + " " + field;
  left.v4_only = protocol == "ip", left.v6_only = protocol == "ip6";
  const bool transport = protocol == "tcp" || protocol == "th";
  if (transport && field == "dport")
    left.field = RuleField::dport;
  else if (transport && field == "sport")
    left.field = RuleField::sport;
  else if (protocol == "tcp" && field == "flags")
    left.field = RuleField::tcp_flags;
  else if (protocol == "tcp")
    left.field = RuleField::varies;
  else if ((left.v4_only && field == "protocol") || (left.v6_only && field == "nexthdr"))
    left.field = RuleField::l4proto;
  else if ((left.v4_only || left.v6_only) && field == "daddr")
    left.field = RuleField::daddr;
  else if ((left.v4_only || left.v6_only) && field == "saddr")
    left.field = RuleField::saddr;
  else if (left.v4_only || left.v6_only)
    left.field = RuleField::varies;  // ttl, dscp, length, id: what the sender wants
  else if (protocol == "udp" || protocol == "udplite" || protocol == "sctp" || protocol == "dccp" || protocol == "icmp" || protocol == "icmpv6" ||
           protocol == "igmp" || protocol == "esp" || protocol == "ah" || protocol == "comp" || protocol == "arp" || protocol == "vlan")
    left.field = RuleField::never;  // another protocol: the rule holds an unwritten "and it is that protocol"
  return left;
}

class Parser {
 public:
  NftRules take(const std::vector<json>& tables, const std::vector<json>& sets, const NftListing& listing) {
    skip_.insert(listing.skip.begin(), listing.skip.end());
    unread_.insert(listing.unread.begin(), listing.unread.end());
    for (const auto& document : tables)
      for (const auto& object : at(document, "nftables")) collect_set(object);
    for (const auto& document : sets)
      for (const auto& object : at(document, "nftables")) collect_set(object);
    for (const auto& document : tables)
      for (const auto& object : at(document, "nftables")) chain(at(object, "chain"), listing.device_chains);
    for (const auto& document : tables)
      for (const auto& object : at(document, "nftables")) rule(at(object, "rule"));
    for (const auto& table : compat_) result_.compat_tables.push_back(table);
    return std::move(result_);
  }

 private:
  static std::string table_of(const json& object) { return text_of(at(object, "family")) + " " + text_of(at(object, "table")); }

  void collect_set(const json& object) {
    for (const char* kind : {"set", "map"}) {
      const auto& set = at(object, kind);
      if (!set.is_object()) continue;
      auto& entry = sets_[table_of(set) + " " + text_of(at(set, "name"))];
      const auto& type = at(set, "type");
      entry.type = type.is_array() ? short_text(type) : text_of(type);
      if (const auto& elements = at(set, "elem"); elements.is_array()) entry.elements = &elements;
    }
  }

  void chain(const json& c, const std::vector<NftSkeleton::Chain>& device_chains) {
    if (!c.is_object() || skip_.contains(table_of(c))) return;
    RuleChain chain;
    chain.family = family_of(text_of(at(c, "family")));
    chain.table = text_of(at(c, "table")), chain.name = text_of(at(c, "name"));
    chain.origin = "nftables";
    chain.hook = text_of(at(c, "hook")), chain.type = text_of(at(c, "type"));
    chain.base = !chain.hook.empty();
    chain.policy_drop = at(c, "policy") == "drop";
    const auto& priority = at(c, "prio");
    chain.priority = priority.is_number_integer() ? priority.get<int>() : 0;
    for (const auto& known : device_chains)
      if (known.table == table_of(c) && known.name == chain.name) chain.devices = known.devices;
    where_[table_of(c) + " " + chain.name] = result_.rules.chains.size();
    result_.rules.chains.push_back(std::move(chain));
  }

  void rule(const json& r) {
    if (!r.is_object() || skip_.contains(table_of(r))) return;
    const auto found = where_.find(table_of(r) + " " + text_of(at(r, "chain")));
    if (found == where_.end()) return;
    table_ = table_of(r);
    Rule rule;
    std::string says;
    for (const auto& statement : at(r, "expr")) {
      auto step = parse_step(statement);
      if (!step.match.text.empty()) says += (says.empty() ? "" : " ") + step.match.text;
      rule.steps.push_back(std::move(step));
    }
    const auto& handle = at(r, "handle");
    rule.text = fmt::format("{} {} handle {}{}{}", table_, text_of(at(r, "chain")), handle.is_number() ? handle.get<std::int64_t>() : 0,
                            says.empty() ? "" : ": ", says);
    if (const auto comment = text_of(at(r, "comment")); !comment.empty()) rule.text += fmt::format(" \"{}\"", shown(comment, 60));
    rule.text = shown(rule.text, 300);
    result_.rules.chains[found->second].rules.push_back(std::move(rule));
  }

  RuleStep parse_step(const json& statement) {
    RuleStep step;
    const auto [name, body] = only_member(statement);
    const auto is = [&](auto... names) { return ((name == names) || ...); };
    if (is("match")) return match_step(*body);
    if (is("vmap")) return map_step(*body);
    if (is("accept")) step.action = RuleAction::accept;
    else if (is("drop")) step.action = RuleAction::drop;
    else if (is("reject")) step.action = RuleAction::reject;
    else if (is("return")) step.action = RuleAction::returns;
    else if (is("queue")) step.action = RuleAction::queue;
    else if (is("jump", "goto")) step.action = is("jump") ? RuleAction::jump : RuleAction::go_to, step.target = text_of(at(*body, "target"));
    else if (is("limit", "quota", "ct count")) return varying(name);
    else if (is("counter", "log", "continue", "set", "map", "dup", "last", "flow", "ct helper", "ct timeout", "ct expectation", "secmark", "comment")) step.action = RuleAction::none;
    else if (is("notrack")) step.action = RuleAction::untrack;
    else if (is("snat", "masquerade")) step.action = RuleAction::accept;
    else if (is("dnat", "redirect", "fwd", "tproxy", "synproxy")) step.action = RuleAction::rewrite;
    else if (is("mangle")) mangle(*body, step);
    else if (is("xt")) return compat(*body);
    else step.action = RuleAction::unknown, not_understood(statement);
    return step;
  }

  static RuleStep varying(const std::string& name) {
    RuleStep step;
    step.action = RuleAction::match;
    step.match.fields = {RuleField::varies};
    step.match.text = name == "limit" ? "limit rate" : name;
    return step;
  }

  void mangle(const json& body, RuleStep& step) {
    const auto [kind, key] = only_member(at(body, "key"));
    const auto& value = at(body, "value");
    const bool mark = (kind == "meta" || kind == "ct") && at(*key, "key") == "mark";
    if (mark) {
      step.action = kind == "meta" ? RuleAction::set_mark : RuleAction::set_ct_mark;
      step.number_known = value.is_number_unsigned();
      if (step.number_known) step.number = value.get<std::uint64_t>();
      return;
    }
    // Other ports or addresses make it another packet; the rest (dscp, ttl, mss, priority) does not matter here.
    const auto field = kind == "payload" ? payload_field(*key).field : RuleField::varies;
    step.action = field == RuleField::varies ? RuleAction::none : RuleAction::rewrite;
  }

  RuleStep compat(const json& body) {
    RuleStep step;
    const auto type = text_of(at(body, "type")), name = text_of(at(body, "name"));
    static const std::set<std::string> harmless{"LOG", "NFLOG", "AUDIT", "TRACE", "TCPMSS", "CHECKSUM", "TOS", "DSCP", "TTL", "HL", "CLASSIFY", "SECMARK", "CONNSECMARK"};
    if (type == "match" && name == "comment") return step;
    if (type == "target" && harmless.contains(name)) return step;
    if (type == "target" && name == "REJECT") return step.action = RuleAction::reject, step;
    compat_.insert(table_);
    step.action = type == "match" ? RuleAction::match : RuleAction::unknown;
    if (type == "match") step.match.fields = {RuleField::unknown};
    step.match.text = fmt::format("(iptables {} {})", type.empty() ? "extension" : type, shown(name, 40));
    return step;
  }

  Left left_of(const json& expression) {
    Left left;
    left.text = short_text(expression);
    const auto [kind, body] = only_member(expression);
    if (kind == "meta") {
      const auto key = text_of(at(*body, "key"));
      left.field = meta_field(key), left.text = key;
    } else if (kind == "payload") {
      if (at(*body, "base").is_null()) return payload_field(*body);
      const bool ports = at(*body, "base") == "th" && at(*body, "len") == 16;
      if (ports && at(*body, "offset") == 16) left.field = RuleField::dport;
      if (ports && at(*body, "offset") == 0) left.field = RuleField::sport;
    } else if (kind == "ct") {
      const auto key = text_of(at(*body, "key"));
      left.text = "ct " + key;
      left.field = key == "state" ? RuleField::ct_state : key == "direction" ? RuleField::ct_direction : key == "mark" ? RuleField::ct_mark : RuleField::unknown;
    } else if (kind == "fib") {
      const auto& flags = at(*body, "flags");
      const bool plain = at(*body, "result") == "type" && flags.is_array() && flags.size() == 1;
      if (plain && flags[0] == "daddr") left.field = RuleField::daddr_type;
      if (plain && flags[0] == "saddr") left.field = RuleField::saddr_type;
      left.text = "fib";
    } else if (kind == "socket") {
      left.field = at(*body, "key") == "cgroupv2" ? RuleField::varies : RuleField::unknown;
      left.text = "socket " + text_of(at(*body, "key"));
    } else if (kind == "numgen") {
      left.field = RuleField::varies, left.text = "numgen";
    } else if (kind == "jhash" || kind == "symhash" || kind == "tcp option" || kind == "exthdr") {
      left.field = RuleField::varies, left.text = kind;
    } else if (kind == "&" && body->is_array() && body->size() == 2) {
      left = left_of((*body)[0]);
      const auto mask = flags_of(left.field, (*body)[1]);
      if (!mask || left.mask != ~0ULL || left.field == RuleField::daddr || left.field == RuleField::saddr) left.field = RuleField::unknown;
      else left.mask = *mask;
    }
    return left;
  }

  // A number, a flag, or several flags as a list or joined by |.
  static std::optional<std::uint64_t> flags_of(RuleField field, const json& value) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (value.is_string()) {
      const auto number = rule_value(field, text_of(value));
      return number ? std::optional{number->low.low} : std::nullopt;
    }
    const auto [kind, body] = only_member(value);
    const json& list = kind == "|" ? *body : value;
    if (!list.is_array()) return std::nullopt;
    std::uint64_t all = 0;
    for (const auto& one : list) {
      const auto bits = flags_of(field, one);
      if (!bits) return std::nullopt;
      all |= *bits;
    }
    return all;
  }

  // One element: of one field, or a concatenation.
  std::vector<RuleValues> element(const std::vector<RuleField>& fields, const json& value, RuleMatch& match) {
    const auto [kind, body] = only_member(value);
    if (kind == "elem") {
      if (at(*body, "timeout").is_number()) match.temporary = true;
      return element(fields, at(*body, "val"), match);
    }
    std::vector<RuleValues> parts;
    if (fields.size() > 1) {
      const bool fits = kind == "concat" && body->is_array() && body->size() == fields.size();
      for (std::size_t i = 0; i < fields.size(); ++i) parts.push_back(fits ? values(fields[i], (*body)[i]) : RuleValues{.all_known = false});
      return parts;
    }
    parts.push_back(values(fields.empty() ? RuleField::unknown : fields[0], value));
    return parts;
  }

  static RuleValues values(RuleField field, const json& value) {
    RuleValues out;
    if (field == RuleField::varies || field == RuleField::never) return out;
    if ((field == RuleField::oif || field == RuleField::iif) && value.is_string()) return out.names.push_back(text_of(value)), out;
    const auto [kind, body] = only_member(value);
    std::optional<RuleRange> range;
    if (value.is_number_unsigned()) range = RuleRange{number_value(value.get<std::uint64_t>()), number_value(value.get<std::uint64_t>())};
    if (value.is_string() && text_of(value) != "*") range = rule_value(field, text_of(value));
    if (kind == "range" && body->is_array() && body->size() == 2) {
      const auto low = values(field, (*body)[0]), high = values(field, (*body)[1]);
      if (low.ranges.size() == 1 && high.ranges.size() == 1) range = RuleRange{low.ranges[0].low, high.ranges[0].high};
    }
    if (kind == "prefix") {
      const auto& length = at(*body, "len");
      if (length.is_number_unsigned())
        if (const auto network = parse_network(fmt::format("{}/{}", text_of(at(*body, "addr")), length.get<unsigned>()))) range = prefix_range(*network);
    }
    if (kind == "|")
      if (const auto bits = flags_of(field, value)) range = RuleRange{number_value(*bits), number_value(*bits)};
    if (range)
      out.ranges.push_back(*range);
    else
      out.all_known = false;
    return out;
  }

  // The elements of a right side: a set, a named set, a list of flags, one value. False: they could not be had.
  bool elements(const std::vector<RuleField>& fields, const json& right, RuleMatch& match) {
    const auto [kind, body] = only_member(right);
    const json* list = kind == "set" && body->is_array() ? body : nullptr;
    if (right.is_string() && text_of(right).starts_with('@')) {
      const auto name = text_of(right).substr(1);
      const auto set = sets_.find(table_ + " " + name);
      if (set == sets_.end()) return false;
      if (unread_.contains(set->first)) {
        // Of a set of addresses it is known that it depends on the address; of others nothing is.
        match.fields = {set->second.type.find("addr") != std::string::npos ? RuleField::varies : RuleField::unknown};
        return true;
      }
      if (!set->second.elements) {
        const auto space = table_.find(' ');
        const RuleSetName missing{table_.substr(0, space), table_.substr(space + 1), name, set->second.type.find("addr") != std::string::npos};
        if (asked_.insert(table_ + " " + name).second) result_.empty_sets.push_back(missing);
        return true;
      }
      list = set->second.elements;
    }
    if (!list) {
      match.elements.push_back(element(fields, right, match));
      return true;
    }
    for (const auto& value : *list) match.elements.push_back(element(fields, value.is_array() && value.size() == 2 ? value[0] : value, match));
    return true;
  }

  void left_side(const json& left, RuleMatch& match) {
    const auto [kind, body] = only_member(left);
    std::vector<Left> parts;
    if (kind == "concat" && body->is_array())
      for (const auto& part : *body) parts.push_back(left_of(part));
    else
      parts.push_back(left_of(left));
    for (const auto& part : parts) {
      match.fields.push_back(part.field);
      match.v4_only |= part.v4_only, match.v6_only |= part.v6_only;
      if (part.mask != ~0ULL) {
        if (parts.size() == 1) match.mask = part.mask;
        else match.fields.back() = RuleField::unknown;
      }
      match.text += (match.text.empty() ? "" : " . ") + part.text;
    }
  }

  RuleStep match_step(const json& body) {
    RuleStep step;
    step.action = RuleAction::match;
    auto& m = step.match;
    left_side(at(body, "left"), m);
    const auto op = text_of(at(body, "op"));
    const auto& right = at(body, "right");
    m.text += fmt::format(" {}{}", op == "==" || op == "in" ? "" : op + " ", short_text(right));
    m.identity = table_ + " " + body.dump(-1, ' ', false, json::error_handler_t::replace);
    if (std::find(m.fields.begin(), m.fields.end(), RuleField::unknown) != m.fields.end()) {
      not_understood(body);
      return step;
    }
    if (m.text.starts_with("numgen") || m.text.starts_with("random")) m.identity.clear();
    const auto only = m.fields.size() == 1 ? m.fields[0] : RuleField::unknown;
    if (op == "in" && (only == RuleField::ct_state || only == RuleField::tcp_flags)) {
      m.op = RuleMatch::Op::any_bit;
      const auto bits = flags_of(only, right);
      m.elements = {{bits ? RuleValues{.ranges = {{number_value(*bits), number_value(*bits)}}} : RuleValues{.all_known = false}}};
      return step;
    }
    if (op == "<" || op == ">" || op == "<=" || op == ">=") {
      auto limit = values(only, right);
      if (limit.ranges.size() == 1) {
        auto& r = limit.ranges[0];
        const auto value = r.low;
        if (op[0] == '<') r = {is_v4(value) ? address_from_v4(0) : Address{}, value};
        else r = {value, is_v4(value) ? address_from_v4(~0U) : Address{~0ULL, ~0ULL}};
        if (op == "<") limit.all_known &= value.low != 0, r.high.low -= value.low != 0;
        if (op == ">") limit.all_known &= value.low != ~0ULL, r.low.low += value.low != ~0ULL;
      }
      m.elements = {{std::move(limit)}};
      return step;
    }
    m.op = op == "!=" ? RuleMatch::Op::not_in : RuleMatch::Op::in;
    if ((op != "==" && op != "!=" && op != "in" && !op.empty()) || !elements(m.fields, right, m)) m.fields = {RuleField::unknown}, not_understood(body);
    return step;
  }

  RuleStep map_step(const json& body) {
    RuleStep step;
    step.action = RuleAction::match;
    auto& m = step.match;
    left_side(at(body, "key"), m);
    m.text += " vmap";
    const json* list = nullptr;
    const auto& data = at(body, "data");
    if (data.is_string()) {
      const auto set = sets_.find(table_ + " " + text_of(data).substr(1));
      if (set != sets_.end() && !unread_.contains(set->first)) {
        list = set->second.elements;
        if (!list && asked_.insert(set->first).second) {
          const auto space = table_.find(' ');
          result_.empty_sets.push_back({table_.substr(0, space), table_.substr(space + 1), text_of(data).substr(1), set->second.type.find("addr") != std::string::npos});
        }
        if (!list) return step.action = RuleAction::none, step;
      }
    } else if (at(data, "set").is_array()) {
      list = &at(data, "set");
    }
    bool understood = list && std::find(m.fields.begin(), m.fields.end(), RuleField::unknown) == m.fields.end() && m.mask == ~0ULL;
    for (std::size_t i = 0; understood && i < list->size(); ++i) {
      const auto& pair = (*list)[i];
      if (!pair.is_array() || pair.size() != 2) understood = false;
      else step.map.emplace_back(element(m.fields, pair[0], m), parse_step(pair[1]));
    }
    if (!understood) step.action = RuleAction::unknown, step.map.clear(), not_understood(body);
    return step;
  }

  void not_understood(const json& what) {
    auto& list = result_.rules.not_understood;
    if (list.size() < 50) list.push_back(fmt::format("{}: {}", shown(table_, 80), short_text(what)));
  }

  NftRules result_;
  std::set<std::string> skip_, compat_, asked_, unread_;
  std::map<std::string, NamedSet> sets_;
  std::map<std::string, std::size_t> where_;
  std::string table_;
};

}  // namespace

Result<NftRules> parse_nft_rules(const NftListing& listing) {
  const auto parse = [](const std::vector<std::string>& texts, std::vector<json>& into) -> Result<void> {
    for (const auto& text : texts) {
      if (deeper_than(text, kMaxDepth)) return Error{"the packet filter's rules are nested deeper than any real ones"};
      into.push_back(json::parse(text, nullptr, false));
      if (!at(into.back(), "nftables").is_array()) return Error{"the packet filter's rules are not the JSON that was expected"};
    }
    return {};
  };
  std::vector<json> tables, sets;
  TRY(parse(listing.tables, tables));
  TRY(parse(listing.sets, sets));
  return Parser{}.take(tables, sets, listing);
}

}  // namespace sekisho
