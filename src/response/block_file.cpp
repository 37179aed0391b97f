// Reads word by word: whatever stands beside an address in the three forms is skipped.
#include "response/block_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "response/never_block.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxReason = 200, kMaxBadLines = 100;
constexpr std::int64_t kMostSeconds = 400LL * 86'400;

// "3600", "3600s", "1h", "1d2h3m4s"
std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t total = 0;
  bool any = false;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > kMostSeconds * 1000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::int64_t scale = 1;
    if (text.starts_with("ms")) {
      number /= 1000, text.remove_prefix(2);
    } else if (!text.empty()) {
      scale = text[0] == 'd' ? 86'400 : text[0] == 'h' ? 3600 : text[0] == 'm' ? 60 : text[0] == 's' ? 1 : 0;
      if (scale == 0) return std::nullopt;
      text.remove_prefix(1);
    }
    total += std::min(number, kMostSeconds) * scale;
    if (total > kMostSeconds) return kMostSeconds;
    any = true;
  }
  return any ? std::optional{total} : std::nullopt;
}

std::string_view next_word(std::string_view& text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return text = {}, std::string_view{};
  const auto to = std::min(text.find_first_of(" \t\r", from), text.size());
  const auto word = text.substr(from, to - from);
  text.remove_prefix(to);
  return word;
}

class Reader {
 public:
  explicit Reader(std::size_t most) : most_(most) {}

  void line(std::string_view text) {
    ++number_;
    std::string_view comment;
    if (const auto hash = text.find('#'); hash != std::string_view::npos) {
      comment = text.substr(hash + 1);
      text = text.substr(0, hash);
    }
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) return;
    auto rest = text;
    const auto first = next_word(rest);
    // Of scripts, only what adds addresses matters: sets, tables and the like are not ours to make.
    for (const std::string_view other : {"create", "flush", "delete", "destroy", "COMMIT", "table", "chain", "set", "type", "flags", "size",
                                         "timeout", "comment", "ip", "ip6", "}", "-N", "-F"})
      if (first == other) return;
    bool found = false;
    if (first == "add" || first == "-A" || first == "elements") {
      const auto open = rest.find('{');
      if (open == std::string_view::npos) {
        next_word(rest);  // the set's name
        found = one(rest, comment);
      } else {
        rest = rest.substr(open + 1);
        rest = rest.substr(0, rest.find('}'));
        found = rest.find_first_not_of(" \t\r") == std::string_view::npos || list(rest, comment);  // the list may begin on the next line
      }
    } else {
      found = list(text, comment);  // also the later lines of a list in nft's form
    }
    if (found) return;
    ++out_.bad;
    if (out_.bad_lines.size() < kMaxBadLines) out_.bad_lines.push_back(number_);
  }
  BlockFile take() { return std::move(out_); }

 private:
  bool list(std::string_view text, std::string_view comment) {
    bool all = true, any = false;
    while (!text.empty()) {
      const auto part = text.substr(0, text.find_first_of(",}"));
      text.remove_prefix(std::min(part.size() + 1, text.size()));
      if (part.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      any = true;
      all &= one(part, comment);
    }
    return all && any;
  }
  // "203.0.113.7 timeout 3600 expires 59m"
  bool one(std::string_view text, std::string_view comment) {
    const auto word = next_word(text);
    const auto network = word.size() <= 64 ? parse_network(word) : std::nullopt;
    if (!network) return false;
    BlockLine line{*network, word.find('/') != std::string_view::npos, std::nullopt, {}};
    while (!text.empty()) {
      const auto key = next_word(text);
      // What is left of the time counts more than what was given.
      if (key == "timeout" || key == "expires")
        if (const auto seconds = seconds_of(next_word(text)); seconds && *seconds > 0) line.duration = *seconds * kSecond;
    }
    if (const auto from = comment.find_first_not_of(" \t\r"); from != std::string_view::npos) {
      auto reason = comment.substr(from, kMaxReason);
      while (!reason.empty() && (reason.back() == '\r' || reason.back() == ' ')) reason.remove_suffix(1);
      line.reason = reason;
    }
    if (out_.lines.size() < most_)
      out_.lines.push_back(std::move(line));
    else
      ++out_.surplus;
    return true;
  }

  std::size_t most_, number_ = 0;
  BlockFile out_;
};

std::int64_t left_s(const BlockEntry& e, TimeNs now) { return std::max<std::int64_t>((e.expires - now + kSecond - 1) / kSecond, 1); }

}  // namespace

BlockFile parse_block_file(std::string_view text, std::size_t most) {
  Reader reader{most};
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    reader.line(line);
  }
  return reader.take();
}

std::string block_list_plain(const std::vector<BlockEntry>& entries, TimeNs now) {
  std::string out;
  for (const auto& e : entries) {
    // An address of IPv6 alone would be read as its /64.
    const bool host_v6 = e.network.prefix_bits == 128 && !is_v4_network(e.network);
    if (!e.suggested)
      out += fmt::format("{}{} timeout {} # {}\n", to_string(e.network), host_v6 ? "/128" : "", left_s(e, now),
                         escape_hostile(e.reason, kMaxReason));
  }
  return out;
}

std::string block_list_ipset(const std::vector<BlockEntry>& entries, TimeNs now) {
  std::string out =
      "# ipset restore -exist < this file; then: iptables -I INPUT -m set --match-set sekisho4 src -j DROP\n"
      "# and: ip6tables -I INPUT -m set --match-set sekisho6 src -j DROP\n"
      "create sekisho4 hash:net family inet hashsize 4096 maxelem 65536 timeout 3600\n"
      "create sekisho6 hash:net family inet6 hashsize 4096 maxelem 65536 timeout 3600\n";
  constexpr std::int64_t kMostOfIpset = 2'147'483;
  for (const auto& e : entries)
    if (!e.suggested)
      out += fmt::format("add sekisho{} {} timeout {}\n", is_v4_network(e.network) ? 4 : 6, to_string(e.network),
                         std::min(left_s(e, now), kMostOfIpset));
  return out;
}

std::string block_list_nft(const std::vector<BlockEntry>& entries, TimeNs now) {
  std::string out =
      "# nft -f this file\ntable inet sekisho_imported {\n"
      "  set blocked4 {\n    type ipv4_addr\n    flags interval,timeout\n  }\n"
      "  set blocked6 {\n    type ipv6_addr\n    flags interval,timeout\n  }\n"
      "  chain block {\n    type filter hook prerouting priority -310; policy accept;\n"
      "    ip saddr @blocked4 counter drop\n    ip6 saddr @blocked6 counter drop\n  }\n}\n";
  // nft looks through a set before each command that adds to it: long lists are few commands.
  constexpr std::size_t kPerCommand = 5000;
  for (const bool v6 : {false, true}) {
    std::size_t count = 0;
    for (const auto& e : entries) {
      if (e.suggested || is_v4_network(e.network) == v6) continue;
      out += count++ % kPerCommand == 0
                 ? fmt::format("{}add element inet sekisho_imported blocked{} {{\n", count > 1 ? "\n}\n" : "", v6 ? 6 : 4)
                 : ",\n";
      out += fmt::format("  {} timeout {}s", to_string(e.network), left_s(e, now));
    }
    if (count) out += "\n}\n";
  }
  return out;
}

}  // namespace sekisho
