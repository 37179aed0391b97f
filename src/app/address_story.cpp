// Gathered from every table that names sources.
#include "app/address_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr DurationNs kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::size_t kMostEntries = 10'000, kShownPorts = 8;

bool meet(const Network& a, const Network& b) { return a.prefix_bits <= b.prefix_bits ? contains(a, b.base) : contains(b, a.base); }

// An incident's JSON names addresses as whole texts: "203.0.113.7".
bool names(std::string_view json, const Network& network) {
  for (auto open = json.find('"'); open != std::string_view::npos;) {
    const auto close = json.find('"', open + 1);
    if (close == std::string_view::npos) return false;
    const auto text = json.substr(open + 1, close - open - 1);
    if (text.size() >= 2 && text.size() <= 49 && text.find_first_of(".:") != std::string_view::npos)
      if (const auto found = parse_network(text); found && meet(*found, network)) return true;
    open = json.find('"', close + 1);
  }
  return false;
}

// What a slice of time adds up to.
struct ScanSlice {
  std::uint64_t hits = 0;
  TimeNs first = 0;
  std::set<std::uint16_t> ports;
  std::set<Address> sources;
  std::string label;
};
struct LoginSlice {
  std::uint64_t failures = 0, successes = 0;
  TimeNs first = 0;
};

std::string text_of(const ScanSlice& s) {
  std::string ports;
  std::size_t shown = 0;
  for (const auto port : s.ports) {
    if (++shown > kShownPorts) break;
    ports += (ports.empty() ? "" : ", ") + (port ? fmt::format("{}", port) : std::string{"?"});
  }
  if (s.ports.size() > kShownPorts) ports += fmt::format(" and {} more", s.ports.size() - kShownPorts);
  const Label* label = find_label(s.label);
  return fmt::format("{} {} on port {}{}{}", format_count(s.hits), s.hits == 1 ? "probe" : "probes", ports,
                     s.sources.size() > 1 ? fmt::format(" by {} sources", format_count(s.sources.size())) : "",
                     label ? fmt::format(", looks like: {}", label->title) : "");
}

Result<void> add_incidents(StoreReader& reader, AddressStory& story) {
  IncidentFilter filter;
  filter.since = story.range.since, filter.until = story.range.until, filter.limit = 100'000;
  if (story.network.prefix_bits == 128) filter.contains = to_string(story.network.base);
  const auto incidents = TRY(reader.incidents(filter));
  for (const auto& i : incidents) {
    if (!names(i.json, story.network)) continue;
    ++story.incidents;
    const Label* label = find_label(i.label);
    const auto title = label ? std::string{label->title} : escape_hostile(i.label, 64);
    story.entries.push_back({i.started, "incident",
                             fmt::format("{} ({}, {}) on {}, peak {}", title, to_string(i.severity), escape_hostile(i.direction, 16),
                                         escape_hostile(i.subject, 64), format_rate_pps(i.peak_pps)),
                             i.id});
    if (i.ended) story.entries.push_back({*i.ended, "incident", fmt::format("{}: over", title), i.id});
  }
  return {};
}

Result<void> add_scans(StoreReader& reader, AddressStory& story, DurationNs slice) {
  HistoryRange range{story.range.since, story.range.until, {}, slice < kDay};
  if (story.network.prefix_bits == 128) range.source = story.network.base;
  std::map<TimeNs, ScanSlice> slices;
  TRY(reader.each_scan(range, [&](const ScanRow& row) {
    if (!contains(story.network, row.source) || row.last < story.range.since || row.first > story.range.until) return;
    auto& s = slices[row.first - row.first % slice];
    s.hits += row.hits, s.ports.insert(row.port), s.sources.insert(row.source);
    s.first = s.first ? std::min(s.first, row.first) : row.first;
    if (!row.label.empty()) s.label = row.label;
    story.scan_hits += row.hits;
  }));
  for (const auto& [time, s] : slices) story.entries.push_back({s.first, "scan", text_of(s), ""});
  return {};
}

Result<void> add_logins(StoreReader& reader, AddressStory& story, DurationNs slice) {
  HistoryRange range{story.range.since, story.range.until, {}, true};
  if (story.network.prefix_bits == 128) range.source = story.network.base;
  std::map<std::pair<TimeNs, std::string>, LoginSlice> slices;
  TRY(reader.each_login(range, [&](const LoginRow& row) {
    if (!meet(row.source, story.network) || row.last < story.range.since || row.first > story.range.until) return;
    auto& s = slices[{row.first - row.first % slice, std::string{row.service}}];
    s.failures += row.failures, s.successes += row.successes;
    s.first = s.first ? std::min(s.first, row.first) : row.first;
    story.failures += row.failures, story.successes += row.successes;
  }));
  for (const auto& [key, s] : slices)
    story.entries.push_back(
        {s.first, "login",
         fmt::format("{} failed{} at {}", format_count(s.failures),
                     s.successes ? fmt::format(", {} SUCCEEDED", format_count(s.successes)) : "", escape_hostile(key.second, 20)),
         ""});
  return {};
}

Result<void> add_blocks(StoreReader& reader, AddressStory& story) {
  const auto events = TRY(reader.block_events("", story.range.since, 1'000'000));
  for (const auto& e : events) {
    const auto network = parse_network(e.network);
    if (!network || !meet(*network, story.network) || e.time > story.range.until) continue;
    std::string text = fmt::format("{}: {}", escape_hostile(e.event, 20), escape_hostile(e.network, 50));
    if (e.seconds > 0) text += fmt::format(", for {} min", (e.seconds + 59) / 60);
    if (!e.proof.empty()) text += fmt::format(", proof: {}", escape_hostile(e.proof, 30));
    if (!e.reason.empty()) text += fmt::format(", {}", escape_hostile(e.reason, 200));
    if (!e.actor.empty()) text += fmt::format(" (by {})", escape_hostile(e.actor, 60));
    story.entries.push_back({e.time, "block", std::move(text), e.incident});
  }
  auto blocks = TRY(reader.blocks());
  std::erase_if(blocks, [&](const StoredBlock& b) {
    const auto network = parse_network(b.network);
    return !network || !meet(*network, story.network) || b.expires < story.range.until;
  });
  story.blocks = std::move(blocks);
  return {};
}

}  // namespace

Result<AddressStory> tell_story(StoreReader& reader, const Network& network, const TimeRange& range) {
  AddressStory story;
  story.network = network, story.range = range;
  const auto slice = range.until - range.since > 3 * kDay ? kDay : kHour;
  TRY(add_incidents(reader, story));
  TRY(add_scans(reader, story, slice));
  TRY(add_logins(reader, story, slice));
  TRY(add_blocks(reader, story));
  std::stable_sort(story.entries.begin(), story.entries.end(), [](const StoryEntry& a, const StoryEntry& b) { return a.time < b.time; });
  if (story.entries.size() > kMostEntries) {
    story.entries.erase(story.entries.begin(), story.entries.end() - kMostEntries);
    story.cut = true;
  }
  return story;
}

}  // namespace sekisho
