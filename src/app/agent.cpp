// The agent, put together: what it watches, what it knows, who is told. Each sink is one line.
#include "app/agent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "app/agent_plan.h"
#include "app/agent_status.h"
#include "app/alert_desk.h"
#include "app/announcer.h"
#include "app/baseline_keeper.h"
#include "app/block_watch.h"
#include "app/bundle_desk.h"
#include "app/capture_facts.h"
#include "app/command.h"
#include "app/config_command.h"
#include "app/control_sink.h"
#include "app/daily_audit.h"
#include "app/evidence_writer.h"
#include "app/former_run.h"
#include "app/host_rates.h"
#include "app/host_watch.h"
#include "app/live_facts.h"
#include "app/live_output.h"
#include "app/live_source.h"
#include "app/live_watch.h"
#include "app/log_watch.h"
#include "app/privileges.h"
#include "app/progress.h"
#include "app/recent_sockets.h"
#include "app/rule_watch.h"
#include "app/service.h"
#include "app/socket_watch.h"
#include "app/store_sink.h"
#include "app/store_status.h"
#include "app/table_request.h"
#include "app/time_words.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::chrono::seconds kSettleChange{5};  // how long a change by hand waits for the disk

// SIGHUP: detectors and decoder take their new settings; what can only be chosen at the start is named when it changed. A file that is
// wrong changes nothing.
void reload(const AgentOptions& options, Config& holds, Pipeline& pipeline, BlockWatch& block, AlertDesk& alerts) {
  auto config = load_config(options.config);
  auto done = config.ok() ? Result<void>{} : Result<void>{config.error()};
  if (done.ok())
    if (const auto plan = plan_alerts(config.value()); !plan.ok()) done = plan.error();  // all or nothing
  if (done.ok()) done = pipeline.reconfigure(config.value());
  if (done.ok()) done = alerts.reload(config.value());
  if (!done.ok()) return log_error(fmt::format("the configuration was not reloaded, the former one holds: {}", done.error().message));
  std::string later;
  const std::set<std::string> at_start{"capture", "store", "evidence", "control"};
  for (const auto& name : at_start) {
    const auto same = [](const SettingTable& a, const SettingTable& b) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](const auto& x, const auto& y) { return x.first == y.first && x.second.value == y.second.value; });
    };
    if (!same(section(holds, name), section(config.value(), name))) later += fmt::format("{}[{}]", later.empty() ? "" : ", ", name);
  }
  holds = std::move(config).value();
  block.configure(holds);
  log_notice(later.empty() ? std::string{"the configuration was reloaded"}
                           : fmt::format("the configuration was reloaded; {} changed, which takes effect at the next start", later));
}

// The packets of incidents, kept by default. Null with the reason: detection goes on without them.
std::unique_ptr<EvidenceWriter> open_evidence(const AgentOptions& options, const Config& config, const AgentPlan& plan, HashKey key,
                                              StoreSink& store, std::string& problem) {
  EvidenceSection settings = config.evidence;
  if (options.evidence) settings.dir = *options.evidence;
  if (settings.dir.empty()) {
    problem = "[evidence] dir is empty";
    return nullptr;
  }
  EvidenceEvents events;
  events.on_file = [&store](const EvidenceFile& file) {
    store.write([record = EvidenceRecord{file.incident_id, file.path, file.sha256, file.bytes, file.packets, wall_clock()}](
                    StoreWriter& w) { return w.put_evidence(record); });
  };
  events.on_removed = [&store](const std::string& path) { store.write([path](StoreWriter& w) { return w.remove_evidence(path); }); };
  auto opened = EvidenceWriter::open_live(settings, plan.capture.interfaces, key, std::move(events));
  if (opened.ok()) return std::move(opened).value();
  problem = opened.error().message;
  return nullptr;
}

// Logs are followed by default; without them detection goes on.
std::unique_ptr<LogWatch> open_logs(const Config& config, const PipelineSettings& packets, std::vector<Incident>& former) {
  if (!config.logs.read) return nullptr;
  LogWatchSettings settings;
  settings.sources = config.logs.sources;
  settings.positions = config.store.path + ".logs";
  settings.pipeline.zone = local_zone(wall_clock());
  settings.past = config.logs.past.count * kMillisecond;
  // Without memory of a former run the past has an end; with it nothing that was written meanwhile is too old.
  if (settings.past > 0 && ::access(settings.positions.c_str(), F_OK) != 0) settings.pipeline.since = wall_clock() - settings.past;
  settings.pipeline.features.publics = packets.publics;
  settings.pipeline.incidents = packets.incidents;
  ++settings.pipeline.incidents.id_seed;  // its ids are never those of packets
  auto logs = LogWatch::make(std::move(settings), config);
  if (!logs.ok()) {
    log_error(fmt::format("No logs are read: {}.", logs.error().message));
    return nullptr;
  }
  const auto of_packets = std::stable_partition(former.begin(), former.end(), [](const Incident& i) { return !is_from_logs(i); });
  logs.value()->resume({std::make_move_iterator(of_packets), std::make_move_iterator(former.end())});
  former.erase(of_packets, former.end());
  return std::move(logs).value();
}

// A view that is one table: rows by a number and a text to look for.
void table(ControlSink& control, const std::string& name, std::function<std::string(const TableRequest&)> rows) {
  control.server().on(name, Role::viewer, [rows = std::move(rows)](const ControlRequest& request) -> Result<std::string> {
    const auto wanted = TRY(parse_table_request(request.with));
    return rows(wanted);
  });
}

}  // namespace

int run_agent(const AgentOptions& options) {
  auto config = load_config(options.config);
  if (!config.ok()) return fail(config.error());
  auto plan = plan_agent(options, config.value());
  if (!plan.ok()) return fail(plan.error());
  const HashKey key = plan->pipeline.key;
  const PipelineSettings packets = plan->pipeline;
  const auto counter_ids = plan->pipeline.incidents.id_seed + 2;  // never those of packets or logs
  auto pipeline = Pipeline::make(std::move(plan->pipeline), config.value());
  if (!pipeline.ok()) return fail(pipeline.error());
  auto source = open_source(plan->capture, plan->notes);
  if (!source.ok()) return fail(source.error());

  // One agent for each socket and store.
  ControlServerSettings door;
  door.path = config.value().control.socket;
  auto server = ControlServer::open(door);
  if (!server.ok()) return fail(server.error());
  const std::string store_path = config.value().store.path;
  auto writer = open_store_writer(store_path, plan->retention, SEKISHO_VERSION);
  if (!writer.ok()) {
    if (FileLock::is_held(store_path + ".lock")) return fail(writer.error());
    log_error(fmt::format("{}. Detection goes on without the store.", writer.error().message));
  }
  auto former = writer.ok() ? former_incidents(store_path) : std::vector<Incident>{};
  if (writer.ok()) BaselineKeeper::restore(**pipeline, store_path);

  // Everything that needs rights is open; the first thread is not yet there.
  const auto& wanted_sockets = config.value().sockets;
  RecentSockets new_sockets{wanted_sockets.at_creation ? SocketEvents::open() : Error{"[sockets] at_creation is off"}};
  if (const auto done = drop_privileges(wanted_sockets.enter_namespaces); !done.ok()) log_warning(done.error().message);
  catch_interrupts();
  catch_hangups(::isatty(STDIN_FILENO) == 1);
  std::signal(SIGPIPE, SIG_IGN);  // a reader of stdout that went away ends nothing
  AgentStatus status;
  LiveFacts facts;
  CaptureFacts capture{plan->local};
  capture.update(source.value()->stats());
  HostWatch host{plan->capture.interfaces, plan->follow_addresses};
  LiveOutput output{options.json, options.color};
  StoreSink store{store_path, plan->retention, writer.ok() ? std::move(writer).value() : nullptr,
                  writer.ok() ? "" : writer.error().message};
  const auto block = BlockWatch::open(config.value(), store, store_path, key);
  RuleWatch counters{store, counter_ids};
  std::string without_evidence;
  auto evidence = open_evidence(options, config.value(), *plan, key, store, without_evidence);
  if (!evidence && options.evidence) return fail(Error{without_evidence});
  ControlSink control{std::move(server).value(), store_path, status};
  control.set_config(settings_document(config.value()));
  SocketWatch sockets{{.interval = wanted_sockets.interval.count * kMillisecond, .namespaces = wanted_sockets.namespaces}, new_sockets};
  auto alerts = AlertDesk::open(config.value(), store);
  if (!alerts.ok()) return fail(alerts.error());
  alerts.value()->add_requests(control.server());
  Announcer announcer{store, {&facts, &control, alerts.value().get(), &output, &sockets, block.get()}};

  status.add("agent", [&] { return facts.agent_json(); });
  status.add("verdict", [&] { return facts.verdict_json(); });
  status.add("capture", [&] { return capture.json(); });
  status.add_health([&] { return capture.problems(); });
  status.add("traffic", [&] { return facts.traffic_json(); });
  BaselineKeeper baselines{**pipeline, store};
  status.add("baseline", [&] { return baselines.json(); });
  status.add("store", [&] { return store_json(store.health()); });
  status.add("alerts", [&] { return alerts.value()->json(); });
  status.add_health([&] { return alerts.value()->problems(); });
  status.add("control", [&] { return control_json(control.server().stats()); });
  status.add("block", [&] { return block->json(); });
  status.add_health([&] { return store_problems(store.health()); });
  status.add("sockets", [&] { return sockets.status_json(); });
  table(control, "connections", [](const TableRequest& r) { return SocketWatch::connections_json(r.limit, r.filter); });
  const auto logs = open_logs(config.value(), packets, former);
  if (logs) {
    logs->keep = [&store](std::vector<LoginCount> counts) {
      store.write([counts = std::move(counts)](StoreWriter& w) { return w.add_logins(counts); }, Worker::Importance::routine);
    };
    logs->on_offender = [&block](const Offender& o, const std::string& incident) { block->on_log_offender(o, incident); };
    status.add("logs", [&] { return logs->status_json(); });
    table(control, "logs", [&](const TableRequest& r) { return logs->logins_json(r.limit, r.filter); });
  }
  BundleDesk bundles{store_path, options.evidence.value_or(config.value().evidence.dir), store};
  bundles.add_requests(control.server());
  HostRates hosts;
  table(control, "hosts", [&](const TableRequest& r) { return hosts.rows_json(r.limit, r.filter); });
  table(control, "blocks", [&](const TableRequest& r) { return block_rows_json(block->blocker(), r.limit, r.filter, wall_clock()); });
  DailyAudit audit{options.config, store};
  status.add("audit", [&] { return audit.status_json(); });
  table(control, "audit", [&](const TableRequest& r) { return audit.findings_json(r.limit, r.filter); });
  status.add_health([&] { return block->problems(); });
  add_block_verbs(control.server(), block->blocker(), [&store] { return store.settle(kSettleChange); });
  control.start();
  new_sockets.start();
  sockets.start();
  if (logs) logs->start();
  audit.start();

  if (!evidence) log_error(fmt::format("No packets of incidents are kept: {}.", without_evidence));
  output.say(fmt::format("{} Ctrl-C stops.", plan->sentence));
  service_ready(plan->sentence);
  Watchdog watchdog;
  unsigned ticks = 0;
  const auto each_tick = [&] {
    watchdog.alive();
    if (++ticks % 5 == 0) {  // twice a second
      capture.update(source.value()->stats());
      pipeline.value()->note_capture(capture.state(), capture.degraded());
    }
    block->tick();
    counters.hand_on(announcer);
    if (!take_hangup()) return;
    service_reloading();
    reload(options, config.value(), **pipeline, *block, *alerts.value());
    control.set_config(settings_document(config.value()));
    service_ready(plan->sentence);
  };
  const auto start = std::chrono::steady_clock::now();
  for (const auto& note : source.value()->stats().notes) output.say(note);
  const auto each_second = [&] {
    host.look(**pipeline, wall_clock());
    baselines.look(wall_clock());
    return capture.lost();
  };
  const auto complete = [&](Incident& incident) {
    const auto owner = sockets.owner_of(incident.id);
    if (!owner) return;
    if (owner->process) incident.process = owner->process;
    (owner->process ? incident.evidence : incident.counter_evidence).push_back(owner->reason);
  };
  LiveWatch::Doors doors{.source = **source,
                         .drops = each_second,
                         .stop_wanted = [] { return interrupted(); },
                         .each_tick = each_tick,
                         .beats = [&] { return sockets.take_facts(); },
                         .others = [&] { return logs ? logs->take() : std::vector<IncidentNotice>{}; },
                         .completed = [&] { return sockets.take_news(); },
                         .complete = complete};
  block->drop_early(**source);
  LiveWatch watch{**pipeline, std::move(doors), announcer, store, evidence.get(), key};
  block->attach(**pipeline);
  hosts.attach(**pipeline);
  counters.start();
  watch.resume(std::move(former));
  const auto done = watch.run();
  service_stopping();
  if (logs) logs->finish();
  audit.finish();
  baselines.save(wall_clock());
  counters.finish();
  block->finish();
  const bool kept = !evidence || evidence->finish();
  announcer.finish();
  output.last_words(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());

  if (!done.ok()) return fail(done.error());
  Severity fail_on = Severity::medium;
  parse_severity(config.value().analyze.fail_on, fail_on);
  return !(kept && output.written()) ? 3 : output.any() && output.worst() >= fail_on ? 1 : 0;
}

}  // namespace sekisho
