// Reads sshd_config(5): keyword and arguments, Include, Match; the first value of a keyword holds.
#include "audit/sshd_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "audit/check.h"
#include "audit/text_lines.h"
#include "model/address.h"

namespace sekisho {
namespace {

constexpr int kMaxDepth = 16, kMaxFiles = 1000;

const std::map<std::string, std::string>& defaults() {
  static const std::map<std::string, std::string> values{{"passwordauthentication", "yes"},
                                                         {"kbdinteractiveauthentication", "yes"},
                                                         {"permitrootlogin", "prohibit-password"},
                                                         {"maxauthtries", "6"},
                                                         {"port", "22"},
                                                         {"permitemptypasswords", "no"},
                                                         {"usepam", "no"},
                                                         {"pubkeyauthentication", "yes"},
                                                         {"authenticationmethods", "any"}};
  return values;
}

// Old and new names of one keyword.
std::string keyword_of(std::string_view word) {
  auto key = lower(word);
  if (key == "challengeresponseauthentication" || key == "skeyauthentication") return "kbdinteractiveauthentication";
  return key;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// "a,b*,!c": matched when one pattern matches and no negated one does.
bool matches_list(std::string_view list, std::string_view text, const std::function<bool(std::string_view, std::string_view)>& one) {
  bool matched = false;
  for (std::size_t at = 0; at <= list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    auto pattern = list.substr(at, comma - at);
    at = comma + 1;
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (pattern.empty() || !one(pattern, text)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

bool matches_address(std::string_view pattern, std::string_view address) {
  const auto network = parse_network(pattern);
  const auto a = parse_address(address);
  return network && a ? contains(*network, *a) : matches_glob(pattern, address);
}

class Reader {
 public:
  Reader(const SshdVisitor& visitor, const std::function<std::optional<std::string>(const std::string&)>& read,
         const std::function<std::vector<std::string>(const std::string&)>& glob)
      : visitor_(visitor), read_(read), glob_(glob) {}

  SshdSettings take(const std::string& file) {
    this->file(file, true, false, 0);
    // What a Match that holds says overrides the rest, wherever it stands; among equals the first one wins.
    for (auto& [key, setting] : matched_) settings_.values.insert_or_assign(key, std::move(setting));
    return std::move(settings_);
  }

 private:
  // `active`: within a Match that does not hold, an Include is read and nothing in it counts.
  void file(const std::string& path, bool active, bool in_match, int depth) {
    if (depth > kMaxDepth || ++files_ > kMaxFiles) {
      settings_.not_understood.push_back(fmt::format("Include nests too deep at {}", shown(path)));
      return;
    }
    const auto text = read_(path);
    if (!text) return;
    bool matching = active;
    for_each_line(*text, [&](int number, std::string_view line) {
      line = trimmed(line);
      if (line.empty() || line.front() == '#') return;
      const auto end = std::min(line.find_first_of(" \t="), line.size());
      const auto key = keyword_of(line.substr(0, end));
      auto rest = trimmed(line.substr(end));
      if (rest.starts_with('=')) rest = trimmed(rest.substr(1));
      // A comment may follow the arguments.
      if (const auto comment = rest.find(" #"); comment != std::string_view::npos && rest.find('"') == std::string_view::npos)
        rest = trimmed(rest.substr(0, comment));
      if (key == "match") {
        matching = active && match(rest);
        in_match = true;
      } else if (key == "include") {
        for (const auto pattern : words_of(rest)) {
          std::string name{unquoted(pattern)};
          if (!name.starts_with('/')) name = "/etc/ssh/" + name;
          for (const auto& found : glob_(name)) file(found, matching, in_match, depth + 1);
        }
      } else if (matching) {
        (in_match ? matched_ : settings_.values)
            .emplace(key, SshdSetting{lower(unquoted(rest)), fmt::format("{}:{}", shown(path), number)});
      }
    });
  }

  // "User root,!x Address 10.0.0.0/8": every criterion must hold. What is not known does not hold, and is said.
  bool match(std::string_view criteria) {
    const auto words = words_of(criteria);
    bool all = true;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto name = lower(words[i]);
      if (name == "all") continue;
      if (i + 1 >= words.size()) return false;
      const auto list = unquoted(words[++i]);
      const auto glob = [](std::string_view pattern, std::string_view text) { return matches_glob(pattern, text); };
      if (name == "user")
        all &= matches_list(list, visitor_.user, glob);
      else if (name == "group")
        all &=
            std::any_of(visitor_.groups.begin(), visitor_.groups.end(), [&](const std::string& g) { return matches_list(list, g, glob); });
      else if (name == "address")
        all &= matches_list(list, visitor_.address, matches_address);
      else if (name == "host")
        all &= matches_list(list, visitor_.host, glob);
      else if (name == "localport")
        all &= matches_list(list, std::to_string(visitor_.local_port), glob);
      else if (name == "localaddress" && !visitor_.local_address.empty())
        all &= matches_list(list, visitor_.local_address, matches_address);
      else {
        settings_.not_understood.push_back(fmt::format("Match {} {}", shown(words[i - 1], 40), shown(list, 80)));
        all = false;
      }
    }
    return all;
  }

  const SshdVisitor& visitor_;
  const std::function<std::optional<std::string>(const std::string&)>& read_;
  const std::function<std::vector<std::string>(const std::string&)>& glob_;
  SshdSettings settings_;
  decltype(SshdSettings::values) matched_;
  int files_ = 0;
};

}  // namespace

SshdSettings parse_sshd_config(const std::string& file, const SshdVisitor& visitor,
                               const std::function<std::optional<std::string>(const std::string&)>& read,
                               const std::function<std::vector<std::string>(const std::string&)>& glob) {
  return Reader{visitor, read, glob}.take(file);
}

SshdSettings parse_sshd_test(std::string_view output) {
  SshdSettings settings;
  for_each_line(output, [&](int, std::string_view line) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return;
    settings.values.emplace(keyword_of(line.substr(0, space)), SshdSetting{lower(trimmed(line.substr(space))), "sshd -T"});
  });
  return settings;
}

std::string sshd_value(const SshdSettings& settings, const std::string& keyword) {
  if (const auto found = settings.values.find(keyword); found != settings.values.end()) return found->second.value;
  const auto fallback = defaults().find(keyword);
  return fallback == defaults().end() ? "" : fallback->second;
}

std::string sshd_place(const SshdSettings& settings, const std::string& keyword) {
  const auto found = settings.values.find(keyword);
  return found == settings.values.end() ? "default" : found->second.place;
}

}  // namespace sekisho
