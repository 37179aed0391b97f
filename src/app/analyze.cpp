// Wires a capture to the pipeline and the pipeline to the reports.
#include "app/analyze.h"

#include "base/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/command.h"
#include "app/evidence_writer.h"
#include "app/incident_json.h"
#include "app/output_file.h"
#include "app/pipeline.h"
#include "app/progress.h"
#include "app/report_eve.h"
#include "app/report_html.h"
#include "app/report_text.h"
#include "input/capture_files.h"

namespace sekisho {
namespace {

int jobs_of(int given) { return given ? given : static_cast<int>(std::min(4u, std::max(1u, std::thread::hardware_concurrency()))); }
// The first two jobs are reading and counting.
unsigned shards_for(int jobs) { return jobs >= 16 ? 16 : jobs >= 8 ? 8 : jobs >= 4 ? 4 : jobs == 3 ? 2 : 1; }

void copy_stats(const CaptureStats& stats, Input& input) {
  for (const auto& f : stats.files) input.files.push_back({f.file, f.format, f.packets, f.bytes});
  for (const auto& d : stats.damage) input.damage.push_back({d.file, d.byte, d.packet, d.what});
  input.skipped = stats.skipped;
  input.backward_steps = stats.backward_steps;
  input.forward_jumps = stats.forward_jumps;
  input.unknown_blocks = stats.unknown_blocks;
  input.damage_not_listed = stats.damage_not_listed;
  input.late_files = stats.late_files;
}

}  // namespace

int run_analyze(const AnalyzeOptions& options) {
  auto config = load_config(options.config);
  if (!config.ok()) return fail(config.error());
  auto local = networks_of(options.local, "--local");
  if (!local.ok()) return fail(local.error());
  auto publics = networks_of(options.publics, "--public");
  if (!publics.ok()) return fail(publics.error());

  PipelineSettings settings;
  settings.local = local->empty() ? config->local : *local;
  settings.publics = config->publics;
  for (const auto& network : *publics) settings.publics.push_back(network.base);
  const int jobs = jobs_of(options.jobs ? options.jobs : static_cast<int>(config->analyze.jobs));
  settings.shards = shards_for(jobs);
  settings.overlap = jobs >= 2;
  auto pipeline = Pipeline::make(std::move(settings), *config);
  if (!pipeline.ok()) return fail(pipeline.error());

  auto source = CaptureFiles::open(options.paths);
  if (!source.ok()) return fail(source.error());

  std::unique_ptr<EvidenceWriter> evidence;
  if (options.evidence) {
    auto opened = EvidenceWriter::open(*options.evidence);
    if (!opened.ok()) return fail(opened.error());
    evidence = std::move(opened).value();
    (*pipeline)->on_packet = [&](const Frame& frame, const Packet& packet) { evidence->on_packet(frame, packet); };
    (*pipeline)->on_incident = [&](const IncidentEvent& event) { evidence->on_incident(event); };
  }

  const auto start = std::chrono::steady_clock::now();
  catch_interrupts();
  Result<void> read;
  {
    std::stop_source stop;
    const bool draw = !options.quiet && isatty(STDERR_FILENO) == 1;
    ProgressBar bar{(*source)->progress(), draw, stop};
    read = (*source)->run(**pipeline, stop.get_token());
    (*pipeline)->finish();
  }
  if (!read.ok()) return fail(read.error());

  Analysis analysis;
  copy_stats((*source)->stats(), analysis.input);
  (*pipeline)->report(analysis);
  analysis.elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
  analysis.interrupted = interrupted();
  analysis.version = SEKISHO_VERSION;

  bool written = true;
  if (evidence) {
    written = evidence->finish();
    for (auto& incident : analysis.incidents) incident.evidence_path = evidence->path_of(incident.id);
  }
  const auto write = [&](const std::optional<std::string>& path, auto text) {
    if (!path) return;
    if (auto done = write_output(*path, text(analysis)); !done.ok()) {
      fmt::print(stderr, "sekisho: {}\n", done.error().message);
      written = false;
    }
  };
  write(options.html, html_report);
  write(options.eve, eve_lines);
  if (options.json)
    fmt::print("{}", analysis_json_text(analysis));
  else
    fmt::print("{}", text_report(analysis, terminal_style(STDOUT_FILENO, options.color), options.verbose));

  if (analysis.input.packets == 0 && !analysis.input.damage.empty()) {
    const auto& d = analysis.input.damage.front();
    return fail(Error{fmt::format("{}: no packet could be read: {} (byte {}, packet {}). Capture or copy the file again.",
                                  escape_hostile(d.file), escape_hostile(d.what), d.byte, d.packet)});
  }
  Severity fail_on = Severity::medium;
  parse_severity(config->analyze.fail_on, fail_on);
  if (options.fail_on) fail_on = *options.fail_on;
  const bool found =
      std::any_of(analysis.incidents.begin(), analysis.incidents.end(), [&](const Incident& i) { return i.severity >= fail_on; });
  if (std::fflush(stdout) != 0) written = false;
  return !written ? 3 : found ? 1 : 0;
}

}  // namespace sekisho
