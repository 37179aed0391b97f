// How the incidents of an analysis add up to one sentence, and the names that people read.
#include "app/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "base/time.h"
#include "model/address.h"

namespace sekisho {
namespace {

// "a", "a and b", "a, b and 3 more"
std::string listed(const std::vector<std::string>& names, std::size_t most = 3) {
  std::string out;
  const std::size_t shown = names.size() <= most ? names.size() : most - 1;
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

void add_once(std::vector<std::string>& list, std::string name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(std::move(name));
}

// What the host does or suffers, for the sentence: "SYN flood", "outbound scan (Mirai-style scan)".
std::string deed(const Incident& incident) {
  const std::string title = title_of(incident);
  if (incident.kind == Kind::reflector || incident.kind == Kind::c2) return title;
  if (incident.direction == Direction::egress && title.find("outbound") == std::string::npos) return "outbound " + title;
  return title;
}

struct Group {
  std::vector<std::string> deeds, subjects;
  std::size_t count = 0;
  const Incident* largest = nullptr;
};

Group gather(const std::vector<const Incident*>& ordered, Standing standing) {
  Group group;
  for (const auto* incident : ordered) {
    if (standing_of(*incident) != standing) continue;
    ++group.count;
    add_once(group.deeds, deed(*incident));
    add_once(group.subjects, subject_name(*incident));
    if (!group.largest || incident->peak_bps > group.largest->peak_bps) group.largest = incident;
  }
  return group;
}

std::string how_long(const Incident& incident) {
  if (!incident.ended) return fmt::format("since {}", format_clock(incident.started));
  return fmt::format("for {}", format_duration(*incident.ended - incident.started));
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::string sentence_for(Standing standing, const Group& group, const Analysis& analysis) {
  const std::string who = capitalised(listed(group.subjects));
  const bool one = group.subjects.size() == 1;
  const auto was = one ? "was" : "were";
  switch (standing) {
    case Standing::taking_part:
      return fmt::format("{} {} taking part in attacks on others: {}. Isolate {} now.", who, one ? "is" : "are", listed(group.deeds, 4),
                         one ? "it" : "them");
    case Standing::attacked:
      return fmt::format("{} {} under attack: {}, peak {} and {}, {}.", who, was, listed(group.deeds, 4),
                         format_rate_bps(group.largest->peak_bps), format_rate_pps(group.largest->peak_pps), how_long(*group.largest));
    case Standing::guessed: return fmt::format("Somebody guessed logins on {}: {}.", listed(group.subjects), listed(group.deeds, 4));
    case Standing::scanned: return fmt::format("{} {} scanned, not attacked: {}.", who, was, listed(group.deeds, 4));
    case Standing::noted: return fmt::format("No attack. Worth a look: {}.", listed(group.deeds, 4));
    case Standing::quiet: break;
  }
  if (analysis.input.packets == 0) return "The input held no packets, so nothing can be said.";
  return fmt::format("Nothing found in {} packets: no attack, no scan, no sign that this host takes part in one.",
                     format_count(analysis.input.packets));
}

std::string_view word_for(Standing standing) {
  switch (standing) {
    case Standing::taking_part: return "TAKING PART";
    case Standing::attacked: return "ATTACKED";
    case Standing::guessed: return "LOGINS GUESSED";
    case Standing::scanned: return "SCANNED";
    case Standing::noted: return "NOTED";
    case Standing::quiet: break;
  }
  return "QUIET";
}

std::string what_else(const std::vector<const Incident*>& ordered, Standing said) {
  std::vector<std::string> parts;
  const auto add = [&](Standing standing, std::string_view verb) {
    if (standing == said) return;
    if (const auto group = gather(ordered, standing); group.count) parts.push_back(fmt::format("{} ({})", verb, listed(group.deeds, 3)));
  };
  add(Standing::attacked, "attacked");
  add(Standing::guessed, "a target of login guessing");
  add(Standing::scanned, "scanned");
  if (parts.empty()) return {};
  return fmt::format("Also {}.", listed(parts, 4));
}

}  // namespace

Standing standing_of(const Incident& incident) {
  const bool outward = incident.direction == Direction::egress || incident.kind == Kind::c2;
  if (incident.kind == Kind::backscatter || incident.kind == Kind::exposure || incident.label == "spike_unclassified")
    return Standing::noted;
  if (incident.kind == Kind::reflector || outward) return Standing::taking_part;
  if (incident.kind == Kind::flood) return Standing::attacked;  // small or not: evidence has named it
  return incident.kind == Kind::bruteforce ? Standing::guessed : Standing::scanned;
}

std::vector<const Incident*> in_order_of_weight(const std::vector<Incident>& incidents) {
  std::vector<const Incident*> ordered;
  for (const auto& incident : incidents) ordered.push_back(&incident);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Incident* a, const Incident* b) {
    const auto rank = [](const Incident* i) {
      return std::tuple(standing_of(*i) != Standing::taking_part, -static_cast<int>(i->severity), -i->peak_bps, i->started);
    };
    return rank(a) < rank(b);
  });
  return ordered;
}

Verdict judge(const Analysis& analysis) {
  const auto ordered = in_order_of_weight(analysis.incidents);
  Verdict verdict;
  for (const auto* incident : ordered) verdict.standing = std::min(verdict.standing, standing_of(*incident));
  verdict.word = word_for(verdict.standing);
  const auto group = gather(ordered, verdict.standing);
  verdict.sentence = sentence_for(verdict.standing, group, analysis);
  verdict.also = what_else(ordered, verdict.standing);
  return verdict;
}

std::string title_of(const Incident& incident) {
  const Label* label = find_label(incident.label);
  return label ? std::string{label->title} : escape_hostile(incident.label, 32);
}

std::string directed_title(const Incident& incident) {
  auto title = title_of(incident);
  return title.find("bound ") != std::string::npos ? title : fmt::format("{} {}", direction_word(incident), title);
}

std::string short_id(const Incident& incident) {
  // The first ten characters of a ULID are its time in milliseconds, in Crockford's base 32.
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  if (incident.id.size() != 26) return escape_hostile(incident.id, 40);
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    const auto value = digits.find(incident.id[i]);
    if (value == std::string_view::npos) return escape_hostile(incident.id, 40);
    ms = ms << 5 | value;
  }
  if (ms > 9'000'000'000'000ULL) return escape_hostile(incident.id, 40);  // beyond the years that TimeNs can hold
  std::string day = format_datetime(static_cast<TimeNs>(ms) * kMillisecond).substr(0, 10);
  std::erase(day, '-');
  return fmt::format("i-{}-{}", day, escape_hostile(incident.id.substr(22)));
}

std::string_view direction_word(const Incident& incident) { return incident.direction == Direction::ingress ? "inbound" : "outbound"; }

std::string subject_name(const Incident& incident) {
  return incident.subject.empty() || incident.subject == "host" ? "this host" : escape_hostile(incident.subject, 64);
}

std::string advice_of(const Incident& incident) {
  constexpr std::string_view isolate =
      "Isolate this host from the network, keep it powered for forensics, and treat it as untrusted until it is re-imaged from a "
      "known-good snapshot. Do not just kill the process: it comes back, and its traces go.";
  // Whoever takes part is isolated: the contract, whatever else the detector advises.
  const Standing standing = standing_of(incident);
  const bool infected = standing == Standing::taking_part && incident.kind != Kind::reflector;
  const std::string own = escape_hostile(incident.advice, 2000);
  if (infected && own.find("solate") == std::string::npos) return std::string{isolate} + (own.empty() ? "" : " " + own);
  if (!own.empty()) return own;
  if (const Label* label = find_label(incident.label); label && !label->advice.empty()) return std::string{label->advice};
  switch (incident.kind) {
    case Kind::flood:
      return incident.peers_spoofed
                 ? "Do not block the sources: they are spoofed. Ask your provider to filter this traffic upstream, and send the evidence."
                 : "Ask your provider to filter this traffic upstream, and send the evidence.";
    case Kind::scan: return "Nothing needs doing now. Check that nothing listens on the probed ports by mistake.";
    case Kind::bruteforce:
      return "Use keys instead of passwords; block the sources that completed handshakes; check for a login that succeeded.";
    case Kind::c2: return std::string{isolate};
    case Kind::reflector: return "Close the service to the Internet, or turn on its rate limiting.";
    case Kind::backscatter: return "Nothing attacks this host. Keep the evidence for abuse complaints that name your address.";
    case Kind::exposure: return "Close what should not be reachable.";
  }
  return {};
}

std::string_view peers_verdict(const Incident& incident) {
  if (incident.peers_spoofed) return "spoofed addresses";
  if (incident.label.starts_with("amp_") || incident.label == "tcp_reflection" || incident.label == "tcp_middlebox")
    return "real servers used as reflectors";
  if (incident.kind == Kind::bruteforce || incident.kind == Kind::c2) return "real addresses (connections were completed)";
  if (incident.direction == Direction::egress) return "targets of this host";
  if (incident.kind == Kind::scan) return "addresses unproven (a SYN's source can be forged)";
  return "not proven spoofed";
}

}  // namespace sekisho
