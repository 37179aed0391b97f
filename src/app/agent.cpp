// Wires a packet socket to the pipeline and the pipeline to the terminal.
#include "app/agent.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "app/command.h"
#include "app/evidence_writer.h"
#include "app/live_output.h"
#include "app/live_source.h"
#include "app/pipeline.h"
#include "app/progress.h"
#include "base/text.h"
#include "input/interfaces.h"

namespace sekisho {
namespace {

// A frame reaches the pipeline at most this long after its time stamp: the ring's block time-out, the poll, a busy processor.
constexpr DurationNs kLateFrames = 200 * kMillisecond;

Result<void> fill_random(void* into, std::size_t size) {
  if (::getrandom(into, size, 0) == static_cast<ssize_t>(size)) return {};
  return Error{fmt::format("the kernel gives no random numbers: {}", std::strerror(errno))};
}

// Between source and pipeline: lets time go on while no packet comes, draws the status, and asks the source to stop.
class Watch final : public Intake {
 public:
  Watch(Pipeline& pipeline, Source& source, LiveOutput& output, EvidenceWriter* evidence)
      : pipeline_(pipeline), source_(source), output_(output), evidence_(evidence) {
    pipeline_.on_packet = [this](const Frame& frame, const Packet& packet) {
      (packet.direction == Direction::ingress ? counts_.in : counts_.out) += packet.weight;
      if (evidence_) evidence_->on_packet(frame, packet);
    };
    pipeline_.on_incident = [this](const IncidentEvent& event) {
      if (!evidence_) return output_.on_incident(event.change, *event.incident);
      evidence_->on_incident(event);
      Incident incident = *event.incident;
      incident.evidence_path = evidence_->path_of(incident.id);
      output_.on_incident(event.change, incident);
    };
  }
  void on_frames(std::span<const Frame> frames) override {
    pipeline_.on_frames(frames);
    tick();
  }
  void on_idle(TimeNs now) override {
    pipeline_.advance(now - kLateFrames);
    tick();
  }
  Result<void> run() {
    auto done = source_.run(*this, stop_.get_token());
    counts_.drops = source_.stats().lost;
    pipeline_.finish();
    output_.last_words(counts_, nanoseconds(Clock::now() - start_));
    return done;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static DurationNs nanoseconds(Clock::duration d) { return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count(); }

  void tick() {
    if (interrupted()) stop_.request_stop();
    const auto now = Clock::now();
    const auto since = nanoseconds(now - last_status_);
    if (since < kSecond) return;
    last_status_ = now;
    counts_.drops = source_.stats().lost;
    if (evidence_) evidence_->flush();
    output_.status(counts_, static_cast<double>(since) / kSecond);
  }

  Pipeline& pipeline_;
  Source& source_;
  LiveOutput& output_;
  EvidenceWriter* evidence_;
  std::stop_source stop_;
  LiveCounts counts_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_status_ = start_;
};

bool is_loopback(const Network& n) { return is_v4(n.base) ? v4_value(n.base) >> 24 == 127 : n.base.high == 0 && n.base.low == 1; }

// What the agent takes for its own side: told, configured, or the addresses of the host.
Result<std::vector<Network>> local_side(const AgentOptions& options, const Config& config, const std::vector<std::string>& interfaces) {
  auto local = TRY(networks_of(options.local, "--local"));
  if (local.empty()) local = config.local;
  if (!local.empty()) return local;
  local = local_networks();
  if (interfaces != std::vector<std::string>{"lo"} && std::all_of(local.begin(), local.end(), is_loopback))
    return Error{"this machine has no address yet, so what comes in and what goes out cannot be told: give it one, or say --local ADDRESS"};
  return local;
}

template <class Items>
std::string joined(const Items& items, std::size_t most, auto text) {
  std::string all;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) all += (i ? ", " : "") + text(items[i]);
  if (items.size() > most) all += fmt::format(" and {} more", items.size() - most);
  return all;
}

}  // namespace

int run_agent(const AgentOptions& options) {
  const auto config = load_config(options.config);
  if (!config.ok()) return fail(config.error());
  auto publics = networks_of(options.publics, "--public");
  if (!publics.ok()) return fail(publics.error());

  const auto& settings_file = config.value();
  CaptureSettings capture = settings_file.capture;
  if (!options.interfaces.empty()) capture.interfaces = options.interfaces;
  const auto chosen = interfaces_to_watch(capture);
  if (!chosen.ok()) return fail(chosen.error());
  capture.interfaces = chosen.value();
  const auto& interfaces = capture.interfaces;
  auto local = local_side(options, settings_file, interfaces);
  if (!local.ok()) return fail(local.error());

  PipelineSettings settings;
  settings.local = *local;
  settings.publics = settings_file.publics;
  for (const auto& network : *publics) settings.publics.push_back(network.base);
  settings.incidents.forget_closed = true;
  if (auto done = fill_random(&settings.key, sizeof settings.key); !done.ok()) return fail(done.error());
  if (auto done = fill_random(&settings.incidents.id_seed, sizeof settings.incidents.id_seed); !done.ok()) return fail(done.error());
  const HashKey key = settings.key;
  auto pipeline = Pipeline::make(std::move(settings), settings_file);
  if (!pipeline.ok()) return fail(pipeline.error());

  auto source = open_source(capture);
  if (!source.ok()) return fail(source.error());
  std::unique_ptr<EvidenceWriter> evidence;
  if (options.evidence) {
    auto opened = EvidenceWriter::open(*options.evidence, key);
    if (!opened.ok()) return fail(opened.error());
    evidence = std::move(opened).value();
  }

  catch_interrupts();
  LiveOutput output{options.json, options.color};
  output.say(
      fmt::format("Watching {} for {}. First live version: incidents are only printed here; no store and no dashboard yet. Ctrl-C stops.",
                  joined(interfaces, 8, [](const std::string& name) { return escape_hostile(name, 32); }),
                  joined(*local, 6, [](const Network& n) { return to_string(n); })));
  for (const auto& note : (*source)->stats().notes) output.say(note);
  const auto done = Watch{**pipeline, **source, output, evidence.get()}.run();

  const bool written = (!evidence || evidence->finish()) && output.written();
  if (!done.ok()) return fail(done.error());
  Severity fail_on = Severity::medium;
  parse_severity(settings_file.analyze.fail_on, fail_on);
  return !written ? 3 : output.any() && output.worst() >= fail_on ? 1 : 0;
}

}  // namespace sekisho
