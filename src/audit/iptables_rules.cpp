// The save format of iptables and ip6tables -> Rules. An option that is not known makes its rule "cannot tell".
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "audit/check.h"
#include "audit/rule_terms.h"
#include "audit/rules.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

// Words as iptables-save quotes them: "a b" with \" and \\ inside.
std::vector<std::string> quoted_words(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    std::string word;
    bool quoted = false;
    for (; at < line.size() && (quoted || line[at] != ' '); ++at) {
      if (line[at] == '"')
        quoted = !quoted;
      else if (line[at] == '\\' && at + 1 < line.size())
        word += line[++at];
      else
        word += line[at];
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::string hook_of(const std::string& chain) {
  static const std::map<std::string, std::string> hooks{
      {"INPUT", "input"}, {"OUTPUT", "output"}, {"FORWARD", "forward"}, {"PREROUTING", "prerouting"}, {"POSTROUTING", "postrouting"}};
  const auto found = hooks.find(chain);
  return found == hooks.end() ? "" : found->second;
}

int priority_of(const std::string& table, const std::string& hook) {
  if (table == "raw") return -300;
  if (table == "mangle") return -150;
  if (table == "security") return 50;
  if (table == "nat") return hook == "prerouting" || hook == "output" ? -100 : 100;
  return 0;
}

class RuleLine {
 public:
  RuleLine(const std::vector<std::string>& words, bool v6) : words_(words), v6_(v6) {}

  // Everything after "-A CHAIN".
  Rule take(std::size_t from) {
    for (at_ = from; at_ < words_.size();) {
      negated_ = words_[at_] == "!";
      if (negated_ && ++at_ == words_.size()) break;
      const auto option = words_[at_++];
      if (!known(option)) {
        add_match({RuleField::unknown}, {}, option);
        while (at_ < words_.size() && !words_[at_].starts_with('-') && words_[at_] != "!") ++at_;
      }
    }
    return std::move(rule_);
  }

 private:
  std::string argument() { return at_ < words_.size() ? words_[at_++] : std::string{}; }

  void add_match(std::vector<RuleField> fields, RuleValues values, const std::string& text) {
    RuleStep step;
    step.action = RuleAction::match;
    step.match.fields = std::move(fields);
    step.match.op = negated_ ? RuleMatch::Op::not_in : RuleMatch::Op::in;
    step.match.elements = {{std::move(values)}};
    step.match.text = shown(negated_ ? "! " + text : text, 120);
    const auto field = step.match.fields.front();
    if (field != RuleField::varies && field != RuleField::unknown) step.match.identity = (negated_ ? "! " : "") + text;
    rule_.steps.push_back(std::move(step));
  }

  // A list of values separated by commas.
  void list(RuleField field, const std::string& text, const std::string& what) {
    RuleValues values;
    for (std::size_t at = 0; at <= text.size();) {
      const auto comma = std::min(text.find(',', at), text.size());
      const auto range = rule_range(field, std::string_view{text}.substr(at, comma - at));
      if (range)
        values.ranges.push_back(*range);
      else
        values.all_known = false;
      at = comma + 1;
    }
    add_match({field}, std::move(values), what + " " + text);
  }

  void device(RuleField field, std::string name, const std::string& what) {
    if (name.ends_with('+')) name.back() = '*';
    add_match({field}, RuleValues{.names = {name}}, what + " " + name);
  }

  // Ports are of the protocol that -p named: those of UDP never belong to a TCP packet.
  RuleField port_field(RuleField field) const { return protocol_ == "tcp" || protocol_.empty() ? field : RuleField::never; }

  void states(const std::string& text) {
    std::uint64_t bits = 0;
    bool known = true;
    for (std::size_t at = 0; at <= text.size();) {
      const auto comma = std::min(text.find(',', at), text.size());
      const auto value = rule_value(RuleField::ct_state, std::string_view{text}.substr(at, comma - at));
      known &= value.has_value();  // SNAT and DNAT are states here, too: not understood
      if (value) bits |= value->low.low;
      at = comma + 1;
    }
    RuleValues values;
    values.all_known = known;
    // Connections have one state: any of the bits is one of the values.
    for (std::uint64_t bit = 1; bit <= 64; bit <<= 1)
      if (bits & bit) values.ranges.push_back({number_value(bit), number_value(bit)});
    add_match({RuleField::ct_state}, std::move(values), "ctstate " + text);
  }

  // "FIN,SYN,RST,ACK SYN": of these flags exactly those are set.
  void flags(const std::string& mask_text, const std::string& wanted_text) {
    const auto bits = [](const std::string& text) -> std::optional<std::uint64_t> {
      if (text == "NONE") return 0;
      if (text == "ALL") return 0x3f;
      std::uint64_t all = 0;
      for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        const auto value = rule_value(RuleField::tcp_flags, std::string_view{text}.substr(at, comma - at));
        if (!value) return std::nullopt;
        all |= value->low.low;
        at = comma + 1;
      }
      return all;
    };
    const auto mask = bits(mask_text), wanted = bits(wanted_text);
    RuleValues values;
    values.all_known = mask && wanted;
    if (wanted) values.ranges.push_back({number_value(*wanted), number_value(*wanted)});
    add_match({RuleField::tcp_flags}, std::move(values), "tcp-flags " + mask_text + " " + wanted_text);
    rule_.steps.back().match.mask = mask.value_or(0);
  }

  // "0x1/0xff": masked.
  void mark(RuleField field, const std::string& text) {
    const auto slash = std::min(text.find('/'), text.size());
    const auto value = rule_value(field, std::string_view{text}.substr(0, slash));
    const auto mask = slash < text.size() ? rule_value(field, std::string_view{text}.substr(slash + 1)) : rule_value(field, "0xffffffff");
    RuleValues values;
    values.all_known = value && mask;
    if (value) values.ranges.push_back(*value);
    add_match({field}, std::move(values), "mark " + text);
    rule_.steps.back().match.mask = mask ? mask->low.low : 0;
  }

  void act(RuleAction action, const std::string& target = {}) {
    RuleStep step;
    step.action = action;
    step.target = target;
    rule_.steps.push_back(std::move(step));
  }

  void jump(const std::string& target) {
    static const std::map<std::string, RuleAction> targets{
        {"ACCEPT", RuleAction::accept},  {"DROP", RuleAction::drop},       {"REJECT", RuleAction::reject},   {"RETURN", RuleAction::returns},
        {"LOG", RuleAction::none},       {"NFLOG", RuleAction::none},      {"ULOG", RuleAction::none},       {"AUDIT", RuleAction::none},
        {"TRACE", RuleAction::none},     {"TCPMSS", RuleAction::none},     {"CHECKSUM", RuleAction::none},   {"TOS", RuleAction::none},
        {"DSCP", RuleAction::none},      {"TTL", RuleAction::none},        {"HL", RuleAction::none},         {"CLASSIFY", RuleAction::none},
        {"SECMARK", RuleAction::none},   {"CONNSECMARK", RuleAction::none}, {"SET", RuleAction::none},       {"LED", RuleAction::none},
        {"RATEEST", RuleAction::none},   {"NOTRACK", RuleAction::untrack}, {"NFQUEUE", RuleAction::queue},   {"QUEUE", RuleAction::queue},
        {"DNAT", RuleAction::rewrite},   {"REDIRECT", RuleAction::rewrite}, {"NETMAP", RuleAction::rewrite}, {"TPROXY", RuleAction::rewrite},
        {"SNAT", RuleAction::accept},    {"MASQUERADE", RuleAction::accept}, {"MIRROR", RuleAction::rewrite}};
    const auto found = targets.find(target);
    if (found != targets.end()) {
      act(found->second);
      if (found->second == RuleAction::none || found->second == RuleAction::reject || found->second == RuleAction::queue) rest_belongs_to_target();
      return;
    }
    if (target == "MARK" || target == "CONNMARK") {
      act(target == "MARK" ? RuleAction::set_mark : RuleAction::set_ct_mark);
      auto& step = rule_.steps.back();
      step.number_known = false;
      if (at_ + 1 < words_.size() && words_[at_] == "--set-xmark" && words_[at_ + 1].ends_with("/0xffffffff"))
        if (const auto value = rule_value(RuleField::mark, std::string_view{words_[at_ + 1]}.substr(0, words_[at_ + 1].find('/'))))
          step.number = value->low.low, step.number_known = true;
      return rest_belongs_to_target();
    }
    if (target == "CT") {  // --notrack, or helpers and zones
      act(std::find(words_.begin(), words_.end(), "--notrack") == words_.end() ? RuleAction::none : RuleAction::untrack);
      return rest_belongs_to_target();
    }
    const bool upper = std::all_of(target.begin(), target.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    act(RuleAction::jump, target);
    // A chain of this name may not exist: then it was a target that is not known (the evaluation answers "cannot tell").
    if (upper) rest_belongs_to_target();
  }
  // Options after a target are the target's.
  void rest_belongs_to_target() { at_ = words_.size(); }

  bool known(const std::string& o) {
    if (o == "-m" || o == "--match") return argument(), true;
    if (o == "--comment") return argument(), true;
    if (o == "-c") return argument(), argument(), true;
    if (o == "-f" || o == "--fragment") {  // a SYN is never a later fragment
      if (!negated_) add_match({RuleField::never}, {}, "fragment");
      return true;
    }
    if (o == "-p" || o == "--protocol") {
      const auto name = argument();
      if (name == "all" || name == "0") return true;
      if (!negated_) protocol_ = name == "6" ? "tcp" : name;
      auto value = rule_value(RuleField::l4proto, name);
      add_match({RuleField::l4proto}, value ? RuleValues{.ranges = {*value}} : RuleValues{.all_known = false}, "p " + name);
      return true;
    }
    if (o == "-s" || o == "--source" || o == "-d" || o == "--destination") return list(o == "-s" || o == "--source" ? RuleField::saddr : RuleField::daddr, argument(), o), true;
    if (o == "--src-range" || o == "--dst-range") return list(o == "--src-range" ? RuleField::saddr : RuleField::daddr, argument(), o), true;
    if (o == "-i" || o == "--in-interface") return device(RuleField::iif, argument(), o), true;
    if (o == "-o" || o == "--out-interface") return device(RuleField::oif, argument(), o), true;
    if (o == "--dport" || o == "--destination-port" || o == "--dports" || o == "--destination-ports") return list(port_field(RuleField::dport), argument(), "dport"), true;
    if (o == "--sport" || o == "--source-port" || o == "--sports" || o == "--source-ports") return list(port_field(RuleField::sport), argument(), "sport"), true;
    if (o == "--ctstate" || o == "--state") return states(argument()), true;
    if (o == "--ctdir") return list(RuleField::ct_direction, lower(argument()), "ctdir"), true;
    if (o == "--syn") return flags("FIN,SYN,RST,ACK", "SYN"), true;
    if (o == "--tcp-flags") {
      const auto mask = argument();
      return flags(mask, argument()), true;
    }
    if (o == "--uid-owner") return list(RuleField::uid, argument(), o), true;
    if (o == "--gid-owner") return list(RuleField::gid, argument(), o), true;
    if (o == "--mark") {
      const bool connection = std::find(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(at_), "connmark") != words_.begin() + static_cast<std::ptrdiff_t>(at_);
      return mark(connection ? RuleField::ct_mark : RuleField::mark, argument()), true;
    }
    if (o == "--dst-type") return list(RuleField::daddr_type, lower(argument()), o), true;
    if (o == "--src-type") return list(RuleField::saddr_type, lower(argument()), o), true;
    // Rates, times and chance: some packets match and some do not, whatever "!" says.
    static const std::map<std::string, int> varying{
        {"--limit", 1},          {"--limit-burst", 1},    {"--hashlimit-upto", 1}, {"--hashlimit-above", 1}, {"--hashlimit-burst", 1}, {"--hashlimit-mode", 1},
        {"--hashlimit-name", 1}, {"--hashlimit-htable-expire", 1}, {"--hashlimit-srcmask", 1}, {"--hashlimit-dstmask", 1}, {"--probability", 1}, {"--every", 1},
        {"--packet", 1},         {"--mode", 1},           {"--connlimit-above", 1}, {"--connlimit-upto", 1}, {"--connlimit-mask", 1},   {"--connlimit-saddr", 0},
        {"--connlimit-daddr", 0}, {"--timestart", 1},     {"--timestop", 1},       {"--weekdays", 1},        {"--monthdays", 1},        {"--datestart", 1},
        {"--datestop", 1},       {"--kerneltz", 0},       {"--quota", 1},          {"--cgroup", 1},          {"--path", 1},             {"--ttl-eq", 1},
        {"--ttl-lt", 1},         {"--ttl-gt", 1},         {"--hl-eq", 1},          {"--length", 1},          {"--dscp", 1},             {"--tos", 1},
        {"--mss", 1},            {"--tcp-option", 1},     {"--seconds", 1},        {"--hitcount", 1},        {"--rcheck", 0},           {"--update", 0},
        {"--name", 1},           {"--mask", 1},           {"--rsource", 0},        {"--rdest", 0},           {"--rttl", 0},             {"--string", 1},
        {"--hex-string", 1},     {"--algo", 1},           {"--from", 1},           {"--to", 1},              {"--icase", 0},            {"--socket-exists", 0}};
    if (const auto found = varying.find(o); found != varying.end()) {
      std::string text = o;
      for (int i = 0; i < found->second; ++i) text += " " + argument();
      return add_match({RuleField::varies}, {}, text), true;
    }
    // recent --set remembers and always matches.
    if (o == "--set") return true;
    if (o == "--icmp-type" || o == "--icmpv6-type") return argument(), add_match({RuleField::never}, {}, o), true;
    if (o == "-j" || o == "--jump") return jump(argument()), true;
    if (o == "-g" || o == "--goto") return act(RuleAction::go_to, argument()), true;
    return false;
  }

  const std::vector<std::string>& words_;
  bool v6_;
  std::size_t at_ = 0;
  bool negated_ = false;
  std::string protocol_;
  Rule rule_;
};

}  // namespace

Rules parse_iptables_rules(const std::string& save, bool v6, const std::string& origin, const std::vector<std::string>& only) {
  Rules rules;
  std::string table;
  bool taken = false;
  std::map<std::string, std::size_t> where;
  for_each_line(save, [&](int number, std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (line.front() == '*') {
      table = line.substr(1);
      taken = only.empty() || std::find(only.begin(), only.end(), table) != only.end();
      where.clear();
      return;
    }
    if (!taken) return;
    const auto words = quoted_words(line);
    if (line.front() == ':' && words.size() >= 2) {
      RuleChain chain;
      chain.family = v6 ? FilterFamily::ip6 : FilterFamily::ip;
      chain.table = table, chain.name = words[0].substr(1), chain.origin = origin;
      chain.base = words[1] != "-";
      chain.hook = chain.base ? hook_of(chain.name) : "";
      chain.type = table == "nat" ? "nat" : "filter";
      chain.policy_drop = words[1] == "DROP";
      chain.priority = priority_of(table, chain.hook);
      where[chain.name] = rules.chains.size();
      rules.chains.push_back(std::move(chain));
      return;
    }
    if (words.size() < 2 || words[0] != "-A") return;
    const auto found = where.find(words[1]);
    if (found == where.end()) return;
    Rule rule = RuleLine{words, v6}.take(2);
    rule.text = fmt::format("{} table {}, line {}: {}", origin, shown(table, 40), number, shown(line, 200));
    rules.chains[found->second].rules.push_back(std::move(rule));
  });
  return rules;
}

}  // namespace sekisho
