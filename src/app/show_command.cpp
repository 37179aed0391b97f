// The incident's block, its files, its timeline.
#include "app/show_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/abuse_reply.h"
#include "app/bundle.h"
#include "app/command.h"
#include "app/contain_log.h"
#include "app/history_json.h"
#include "app/incident_state.h"
#include "app/report_text.h"
#include "app/show_address.h"
#include "base/sha256.h"
#include "base/text.h"

namespace sekisho {
namespace {

// Whether the file still is what was written: "verified", "CHANGED since it was written", "missing", "being written".
std::string verified(const EvidenceRecord& file) {
  std::FILE* in = std::fopen(file.path.c_str(), "re");
  if (!in) return std::filesystem::exists(file.path) ? "not readable for you" : "missing";
  Sha256 sum;
  char bytes[64 * 1024];
  for (std::size_t n = 0; (n = std::fread(bytes, 1, sizeof bytes, in)) > 0;) sum.add(std::string_view{bytes, n});
  std::fclose(in);
  if (file.sha256.empty()) return "being written";
  return sum.hex() == file.sha256 ? "verified" : "CHANGED since it was written";
}

// Containments since the incident began, as the record has them.
std::vector<std::string> actions_since(const std::string& log, TimeNs started) {
  std::vector<std::string> actions;
  const auto records = read_contain_log(log);
  if (!records.ok()) return actions;
  for (const auto& [id, record] : records.value())
    if (!record.failed && record.started >= started)
      actions.push_back(fmt::format("{}: what {} sends is dropped{}", format_rfc3339(record.started), escape_hostile(record.target, 200),
                                    record.released ? fmt::format(" (until {})", format_rfc3339(*record.released)) : ""));
  return actions;
}

int make_bundle(const ShowCommand& command, BundleInput input) {
  auto done = write_bundle(command.bundle, input);
  if (!done.ok()) return fail(done.error());
  fmt::print("{}: {} parts, {}. Check it with: sekisho bundle verify {}\n", escape_hostile(command.bundle), done->parts,
             format_bytes(done->bytes), escape_hostile(command.bundle));
  for (const auto& what : done->left_out) fmt::print("left out: {}\n", escape_hostile(what, 600));
  return std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace

int run_show(const ShowCommand& command) {
  if (const auto network = parse_network(command.id)) return show_address(command, *network);
  const auto config = load_config(command.read.config);
  if (!config.ok()) return fail(config.error());
  auto reader = open_store_reader(config.value().store.path);
  if (!reader.ok()) return fail(reader.error());
  const auto found = reader.value()->incident(command.id);
  if (!found.ok()) return fail(found.error());
  if (!found.value())
    return fail({fmt::format("there is no incident '{}': 'sekisho incidents' lists them, --since reaches further back",
                             escape_hostile(command.id, 60)),
                 ErrorKind::usage});
  const auto& row = *found.value();
  const auto timeline = reader.value()->timeline(row.id);
  if (!timeline.ok()) return fail(timeline.error());
  const auto files = reader.value()->evidence(row.id);
  if (!files.ok()) return fail(files.error());
  if (command.read.json) {
    fmt::print("{}\n", incident_document(row, timeline.value(), files.value()));
    return std::fflush(stdout) == 0 ? 0 : 3;
  }
  const auto incident = parse_incident_state(row.state);
  if (!incident) {
    fmt::print("{}\n", row.json);
    return 0;
  }
  if (command.abuse_reply) {
    fmt::print("{}", abuse_reply(*incident, actions_since(config.value().contain.log, incident->started)));
    return std::fflush(stdout) == 0 ? 0 : 3;
  }
  if (!command.bundle.empty()) return make_bundle(command, {&row, timeline.value(), files.value(), text_incident(*incident, {})});
  const auto style = terminal_style(STDOUT_FILENO, command.color);
  std::string out = text_incident(*incident, style);
  for (const auto& file : files.value())
    out += fmt::format("    {:<8}{}, {}, {} packets, sha256 {}, {}\n", "file", escape_hostile(file.path, 400), format_bytes(file.bytes),
                       format_count(file.packets), file.sha256.empty() ? "-" : file.sha256.substr(0, 12), verified(file));
  bool first = true;
  for (const auto& entry : timeline.value()) {
    out += fmt::format("    {:<8}{}  {:<9} {}, {}, peak {}\n", first ? "log" : "", format_local(entry.time), escape_hostile(entry.what, 20),
                       to_string(entry.severity), escape_hostile(entry.label, 40), format_rate_pps(entry.peak_pps));
    first = false;
  }
  fmt::print("{}", out);
  say_when_stopped(config.value(), nullptr, command.read.quiet || row.ended.has_value());
  return std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace sekisho
