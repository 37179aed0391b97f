// Walks the hash chain from its first entry.
#include "app/audit_log_command.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/config.h"
#include "app/time_words.h"
#include "base/text.h"
#include "store/store.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kPage = 1000;

struct Walk {
  std::uint64_t entries = 0;
  std::string head = std::string(64, '0');
  std::string broken;    // the sentence; empty: whole
  bool anchored = true;  // the noted entry is there
};

Result<Walk> walk(StoreReader& reader, std::uint64_t noted, const std::string& noted_hash) {
  Walk w;
  w.anchored = noted == 0;
  for (;;) {
    const auto page = TRY(reader.audit(w.entries, kPage));
    for (const auto& entry : page) {
      const auto at = w.entries + 1;
      if (entry.sequence != at)
        w.broken = fmt::format("entry {} is missing: {} follows {}", at, entry.sequence, w.entries);
      else if (entry.previous != w.head)
        w.broken = fmt::format("entry {} does not follow entry {}: one of them was exchanged", at, w.entries);
      else if (entry.hash != audit_hash(entry))
        w.broken = fmt::format("entry {} was changed after it was written", at);
      if (!w.broken.empty()) return w;
      w.entries = at, w.head = entry.hash;
      if (at == noted) w.anchored = entry.hash == noted_hash;
    }
    if (page.size() < kPage) return w;
  }
}

Json entry_json(const AuditEntry& e) {
  return {{"sequence", e.sequence},
          {"time", format_rfc3339(e.time)},
          {"actor", escape_hostile(e.actor)},
          {"action", escape_hostile(e.action)},
          {"detail", escape_hostile(e.detail, 2000)},
          {"hash", e.hash}};
}

Result<int> list(const AuditLogCommand& c, StoreReader& reader, std::uint64_t newest) {
  const auto page = TRY(reader.audit(newest > c.limit ? newest - c.limit : 0, c.limit));
  Json entries = Json::array();
  std::string text;
  for (const auto& e : page) {
    entries.push_back(entry_json(e));
    text += fmt::format("{:>6}  {}  {:<20} {:<16} {}\n", e.sequence, format_local(e.time), escape_hostile(e.actor, 60),
                        escape_hostile(e.action, 40), escape_hostile(e.detail, 300));
  }
  if (c.json) text = Json({{"schema", 1}, {"entries", std::move(entries)}}).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  fmt::print("{}", text.empty() ? "the audit log is empty\n" : text);
  return std::fflush(stdout) == 0 ? 0 : 3;
}

Result<int> verify(const AuditLogCommand& c, StoreReader& reader) {
  std::uint64_t noted = 0;
  std::string hash;
  if (!c.head.empty()) {
    const auto colon = c.head.find(':');
    const auto [end, error] = std::from_chars(c.head.data(), c.head.data() + std::min(colon, c.head.size()), noted);
    if (colon == std::string::npos || error != std::errc{} || end != c.head.data() + colon || noted == 0 || c.head.size() - colon != 65)
      return Error{"--head takes what an earlier verify has printed: NUMBER:HASH", ErrorKind::usage};
    hash = c.head.substr(colon + 1);
  }
  const auto w = TRY(walk(reader, noted, hash));
  auto broken = w.broken;
  if (broken.empty() && !w.anchored)
    broken = noted > w.entries ? fmt::format("entry {} is gone: the log ends at {}", noted, w.entries)
                               : fmt::format("entry {} is not the one that was noted: the log was written anew", noted);
  if (c.json) {
    fmt::print("{}\n", Json({{"schema", 1},
                             {"whole", broken.empty()},
                             {"entries", w.entries},
                             {"head", fmt::format("{}:{}", w.entries, w.head)},
                             {"problem", broken.empty() ? Json(nullptr) : Json(broken)}})
                           .dump());
  } else if (broken.empty()) {
    fmt::print("the audit log is whole: {} {}\nits head, to be noted elsewhere (sekisho audit-log verify --head): {}:{}\n",
               format_count(w.entries), w.entries == 1 ? "entry" : "entries", w.entries, w.head);
  } else {
    fmt::print("THE AUDIT LOG IS BROKEN: {}\nup to entry {} it is whole\n", broken, w.entries);
  }
  if (std::fflush(stdout) != 0) return 3;
  return broken.empty() ? 0 : 1;
}

Result<int> run(const AuditLogCommand& c) {
  const auto config = TRY(load_config(c.config));
  auto reader = TRY(open_store_reader(config.store.path));
  if (c.action == "verify") return verify(c, *reader);
  const auto facts = TRY(reader->facts());
  return list(c, *reader, facts.audit_entries);
}

}  // namespace

int run_audit_log(const AuditLogCommand& command) {
  const auto done = run(command);
  return done.ok() ? done.value() : fail(done.error());
}

}  // namespace sekisho
