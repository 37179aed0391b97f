// Walks the base chains of a hook in the order of their priorities, with jumps, returns and policies; forks where a match depends.
#include "audit/rule_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "audit/check.h"
#include "audit/rule_match.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxSteps = 20'000, kMaxPaths = 5'000, kMaxDepth = 64, kMaxShown = 10;

struct Frame {
  const RuleChain* chain;
  std::size_t rule;
};
struct Path {
  std::size_t base = 0;  // index into the base chains
  std::vector<Frame> frames;
  std::size_t step = 0;  // within the rule of the last frame
  PacketState packet;
  bool certain = true;
  std::vector<std::string> conditions;       // what must hold for this path, in words
  std::map<std::string, bool> decided;       // the same condition gives the same answer twice
};

class Follower {
 public:
  Follower(const Rules& rules, const RuleProbe& probe) : rules_(rules), probe_(probe) { find_base_chains(); }

  RuleAnswer follow() {
    open_.push_back({});
    enter_base(open_.back());
    std::size_t steps = 0;
    while (!open_.empty()) {
      Path path = std::move(open_.back());
      open_.pop_back();
      while (advance(path)) {
        if (++steps > kMaxSteps || open_.size() > kMaxPaths) return give_up("the rules have too many possible paths");
      }
    }
    return answer();
  }

 private:
  bool belongs(const RuleChain& chain) const {
    if (!chain.base) return false;
    switch (chain.family) {
      case FilterFamily::inet: return true;
      case FilterFamily::ip: return !probe_.v6;
      case FilterFamily::ip6: return probe_.v6;
      default: return false;
    }
  }
  void add_hook(const std::string& hook) {
    std::vector<const RuleChain*> found;
    for (const auto& chain : rules_.chains)
      if (chain.hook == hook && belongs(chain)) found.push_back(&chain);
    std::stable_sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->priority < b->priority; });
    bases_.insert(bases_.end(), found.begin(), found.end());
  }
  // Hooks of the device: of family netdev, and inet's ingress.
  void add_device_hook(const std::string& hook) {
    for (const auto& chain : rules_.chains)
      if (chain.base && chain.hook == hook && (chain.family == FilterFamily::netdev || chain.family == FilterFamily::inet)) bases_.push_back(&chain);
  }
  void find_base_chains() {
    switch (probe_.way) {
      case RuleProbe::Way::output:
        add_hook("output"), add_hook("postrouting"), add_device_hook("egress");
        break;
      case RuleProbe::Way::input:
        add_device_hook("ingress"), add_hook("prerouting"), add_hook("input");
        break;
      case RuleProbe::Way::forward:
        add_hook("prerouting"), add_hook("forward"), add_hook("postrouting"), add_device_hook("egress");
        break;
    }
  }

  void enter_base(Path& path) {
    while (path.base < bases_.size()) {
      const auto* chain = bases_[path.base];
      path.frames = {{chain, 0}};
      path.step = 0;
      // Connection tracking sees the packet in the first hook, at priority -200; on ingress it has not yet come by.
      const bool first = chain->hook == "output" || chain->hook == "prerouting";
      path.packet.priority = chain->hook == "ingress" ? -1'000'000 : first ? chain->priority : 0;
      if (chain->hook != "egress" && chain->hook != "ingress") return;
      const bool named = !chain->devices.empty() && !probe_.device.empty();
      if (named && std::find(chain->devices.begin(), chain->devices.end(), probe_.device) == chain->devices.end()) {
        ++path.base;
        continue;
      }
      // nft 1.0.6 does not say in JSON on which device a chain sits: with it or without it.
      if (!named) {
        Path without = path;
        without.certain = false;
        without.frames.clear();
        ++without.base;
        note(without, fmt::format("the device of the chain {} {}", shown(chain->table, 40), shown(chain->name, 40)));
        because_.push_back(fmt::format("on which device the chain {} {} sits", shown(chain->table, 40), shown(chain->name, 40)));
        enter_base(without);
        open_.push_back(std::move(without));
        path.certain = false;
      }
      return;
    }
    path.frames.clear();
  }

  static void note(Path& path, const std::string& condition) {
    if (path.conditions.size() < 16) path.conditions.push_back(condition);
  }

  // One step; false when the path has ended.
  bool advance(Path& path) {
    if (path.frames.empty()) return end_passed(path), false;
    auto& frame = path.frames.back();
    if (frame.rule >= frame.chain->rules.size()) return leave_chain(path);
    const auto& rule = frame.chain->rules[frame.rule];
    if (path.step >= rule.steps.size()) {
      ++frame.rule;
      path.step = 0;
      return true;
    }
    const auto& step = rule.steps[path.step++];
    return step.map.empty() ? act(path, step, rule) : look_up(path, step, rule);
  }

  bool leave_chain(Path& path) {
    path.frames.pop_back();
    if (!path.frames.empty()) {
      ++path.frames.back().rule;
      path.step = 0;
      return true;
    }
    const auto* base = bases_[path.base];
    if (base->policy_drop) return end_blocked(path, fmt::format("the policy of {} {} is drop ({})", shown(base->table, 40), shown(base->name, 40), base->origin)), false;
    ++path.base;
    enter_base(path);
    return true;
  }

  void next_rule(Path& path) {
    ++path.frames.back().rule;
    path.step = 0;
  }

  // Goes on where the match holds; what does not hold goes to the next rule.
  bool decide(Path& path, Matches result, const RuleMatch& match) {
    if (result == Matches::all) return true;
    if (result == Matches::none) return next_rule(path), true;
    if (const auto known = path.decided.find(match.identity); known != path.decided.end()) {
      if (!known->second) next_rule(path);
      return true;
    }
    if (result == Matches::unknown && because_.size() < kMaxShown) because_.push_back(match.text);
    Path other = path;
    other.certain &= result != Matches::unknown, path.certain &= result != Matches::unknown;
    if (!match.identity.empty()) other.decided[match.identity] = false, path.decided[match.identity] = true;
    note(other, "not (" + match.text + ")");
    note(path, match.text);
    next_rule(other);
    open_.push_back(std::move(other));
    return true;
  }

  bool look_up(Path& path, const RuleStep& step, const Rule& rule) {
    // Elements of a map do not overlap: where one may match, the others may as well.
    for (const auto& [element, verdict] : step.map) {
      const auto result = matches_element(step.match, element, probe_, path.packet);
      if (result == Matches::none) continue;
      if (result == Matches::all) return act(path, verdict, rule);
      if (result == Matches::unknown && because_.size() < kMaxShown) because_.push_back(step.match.text);
      Path other = path;
      other.certain &= result != Matches::unknown, path.certain &= result != Matches::unknown;
      note(other, "one element of " + step.match.text);
      if (act(other, verdict, rule)) open_.push_back(std::move(other));
    }
    return true;  // no element: the rule goes on
  }

  bool act(Path& path, const RuleStep& step, const Rule& rule) {
    switch (step.action) {
      case RuleAction::none: return true;
      case RuleAction::match: return decide(path, matches(step.match, probe_, path.packet), step.match);
      case RuleAction::accept:
        ++path.base;
        enter_base(path);
        return true;
      case RuleAction::drop:
      case RuleAction::reject: return end_blocked(path, rule.text), false;
      case RuleAction::queue: return end_unknown(path, "a program decides (queue): " + rule.text), false;
      case RuleAction::rewrite: return end_unknown(path, "the packet is sent elsewhere: " + rule.text), false;
      case RuleAction::unknown: return end_unknown(path, rule.text), false;
      case RuleAction::returns: return leave_chain(path);
      case RuleAction::jump:
      case RuleAction::go_to: return enter(path, step, rule);
      case RuleAction::set_mark:
        path.packet.mark = step.number, path.packet.mark_known = step.number_known;
        forget_marks(path);
        return true;
      case RuleAction::set_ct_mark:
        path.packet.ct_mark = step.number, path.packet.ct_mark_known = step.number_known;
        forget_marks(path);
        return true;
      case RuleAction::untrack: path.packet.untracked = true; return true;
    }
    return true;
  }
  // Conditions about marks may have another answer now.
  static void forget_marks(Path& path) {
    std::erase_if(path.decided, [](const auto& entry) { return entry.first.find("mark") != std::string::npos; });
  }

  bool enter(Path& path, const RuleStep& step, const Rule& rule) {
    const auto& from = *path.frames.back().chain;
    const auto target = std::find_if(rules_.chains.begin(), rules_.chains.end(), [&](const RuleChain& c) {
      return c.name == step.target && c.table == from.table && c.family == from.family && c.origin == from.origin;
    });
    if (target == rules_.chains.end() || path.frames.size() >= kMaxDepth) return end_unknown(path, rule.text), false;
    if (step.action == RuleAction::go_to)
      path.frames.back() = {&*target, 0};  // its end is the end of this chain
    else
      path.frames.push_back({&*target, 0});
    path.step = 0;
    return true;
  }

  void end_blocked(const Path& path, const std::string& by) {
    (path.certain ? blocked_ : maybe_blocked_) = true;
    if (by_.empty()) by_ = by;
  }
  void end_passed(const Path& path) {
    (path.certain ? passed_ : maybe_passed_) = true;
    if (!path.certain || passes_.size() >= kMaxShown) return;
    std::string all;
    for (const auto& c : path.conditions) all += (all.empty() ? "" : " and ") + c;
    passes_.push_back(all);
  }
  void end_unknown(const Path&, const std::string& why) {
    maybe_passed_ = maybe_blocked_ = true;
    if (because_.size() < kMaxShown) because_.push_back(why);
  }

  RuleAnswer give_up(const std::string& why) const {
    RuleAnswer a;
    a.verdict = RuleAnswer::Verdict::cannot_tell;
    a.because = {why};
    return a;
  }

  RuleAnswer answer() {
    using V = RuleAnswer::Verdict;
    RuleAnswer a;
    a.by = by_;
    a.passes = passes_;
    std::sort(because_.begin(), because_.end());
    because_.erase(std::unique(because_.begin(), because_.end()), because_.end());
    const bool stops = blocked_ || maybe_blocked_;
    if (!passed_ && !maybe_passed_)
      a.verdict = V::blocked;  // whatever the unknown matches say, every path ends here
    else if (passed_)
      a.verdict = stops ? V::partly : V::open;
    else
      a.verdict = stops || !because_.empty() ? V::cannot_tell : V::open;
    if (a.verdict == V::cannot_tell || (a.verdict == V::partly && !because_.empty())) a.because = because_;
    // Nothing on any path stops it: open, even where matches were not understood.
    if (!stops) a.verdict = V::open;
    return a;
  }

  const Rules& rules_;
  const RuleProbe& probe_;
  std::vector<const RuleChain*> bases_;
  std::vector<Path> open_;
  bool blocked_ = false, maybe_blocked_ = false, passed_ = false, maybe_passed_ = false;
  std::string by_;
  std::vector<std::string> passes_, because_;
};

}  // namespace

RuleAnswer follow(const Rules& rules, const RuleProbe& probe) { return Follower{rules, probe}.follow(); }

}  // namespace sekisho
