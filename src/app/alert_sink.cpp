// The alerts' thread decides and writes the spool; each channel has a thread of its own that sends.
#include "app/alert_sink.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/alert_facts.h"
#include "app/json_parts.h"
#include "app/time_words.h"
#include "app/who_asks.h"
#include "base/log.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kMaxState = 64 << 20;
constexpr auto kLastWords = std::chrono::milliseconds{1500};

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json time_or_null(const std::optional<TimeNs>& time) { return time ? Json(format_rfc3339(*time)) : Json(nullptr); }

Json silence_json(const AlertSilence& s) {
  return {{"id", s.id},           {"from", format_rfc3339(s.from)}, {"until", format_rfc3339(s.until)},
          {"kind", s.kind},       {"direction", s.direction},       {"label", s.label},
          {"subject", s.subject}, {"channel", s.channel},           {"by", s.by}};
}

}  // namespace

Result<std::unique_ptr<AlertSink>> AlertSink::open(const Config& config, StoreSink& store) {
  auto plan = TRY(plan_alerts(config));
  std::optional<FileLock> lock;
  if (!plan.channels.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(plan.dir, failed);
    if (failed)
      log_error(fmt::format("the folder {} for alerts cannot be made: {}", escape_hostile(plan.dir), failed.message()));
    else
      lock = TRY(
          FileLock::take(plan.dir + "/lock", "another agent already sends alerts from this folder", "give this one its own [alert] dir"));
  }
  return std::unique_ptr<AlertSink>{new AlertSink(std::move(plan), std::move(lock), store)};
}

AlertSink::AlertSink(AlertPlan plan, std::optional<FileLock> lock, StoreSink& store)
    : state_path_(plan.channels.empty() ? std::string{} : plan.dir + "/state.json"),
      lock_(std::move(lock)),
      store_(store),
      unusable_(std::move(plan.unusable)),
      policy_(plan.rules) {
  for (const auto& [name, why] : unusable_) log_error(fmt::format("alerts to '{}' are not sent: {}", name, why));
  if (state_path_.empty()) return;
  // Before there is a thread.
  if (const auto state = read_whole_file(state_path_, kMaxState); state.ok()) policy_.restore(state.value(), wall_clock());
  for (auto& channel : plan.channels) {
    AlertOutboxSettings settings;
    settings.folder = plan.dir + "/" + channel.name;
    settings.max_entries = plan.max_waiting;
    const auto send = [](const AlertChannel& to, const Alert& alert, const std::stop_token& stop) {
      return deliver_alert(to, alert, wall_clock(), stop);
    };
    const auto name = channel.name;
    outboxes_.emplace(name, std::make_unique<AlertOutbox>(std::move(channel), std::move(settings), send, wall_clock));
  }
  worker_ = std::make_unique<Worker>(
      "alerts", 4096, [this] { look(); }, 1000);
}

AlertSink::~AlertSink() { finish(); }

void AlertSink::on_incident(const IncidentNotice& notice) {
  if (state_path_.empty() || notice.what == "past") return;
  const bool routine = notice.what == "progress";
  worker_->post(
      [this, notice, routine] {
        const auto facts = alert_facts(*notice.incident);
        std::vector<OutgoingAlert> alerts;
        {
          const std::lock_guard policy{mutex_};
          alerts = policy_.on_incident(notice.what, facts, notice.time);
        }
        hand_on(std::move(alerts), !routine);
      },
      routine ? Worker::Importance::routine : Worker::Importance::essential);
}

void AlertSink::on_second(const std::shared_ptr<const LiveSecond>&) {
  if (!state_path_.empty()) worker_->post([this] { look(); }, Worker::Importance::routine);
}

void AlertSink::look() {
  if (state_path_.empty()) return;
  std::vector<OutgoingAlert> alerts;
  {
    const std::lock_guard policy{mutex_};
    alerts = policy_.on_time(wall_clock());
  }
  hand_on(std::move(alerts), false);
}

// To the spools first, then the memory of it: a crash in between tells twice, never not at all.
void AlertSink::hand_on(std::vector<OutgoingAlert> alerts, bool remember) {
  for (auto& one : alerts)
    if (const auto to = outboxes_.find(one.channel); to != outboxes_.end())
      to->second->put(std::make_shared<const Alert>(std::move(one.alert)));
  if (alerts.empty() && !remember) return;
  std::string state;
  {
    const std::lock_guard policy{mutex_};
    state = policy_.state();
  }
  const auto wrote = write_whole_file(state_path_, state);
  const std::lock_guard policy{mutex_};
  if (!wrote.ok() && state_problem_ != wrote.error().message) log_error(wrote.error().message);
  state_problem_ = wrote.ok() ? std::string{} : wrote.error().message;
}

void AlertSink::finish() {
  if (worker_) worker_->finish();
  const auto until = std::chrono::steady_clock::now() + kLastWords;
  for (auto& [name, outbox] : outboxes_)
    outbox->finish(std::max(std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()),
                            std::chrono::milliseconds{0}));
}

void AlertSink::record(const std::string& by, const std::string& action, const std::string& detail) {
  store_.write([entry = AuditEntry{0, wall_clock(), by, action, detail, {}, {}}](StoreWriter& writer) -> Result<void> {
    const auto kept = writer.append_audit(entry);
    return kept.ok() ? Result<void>{} : kept.error();
  });
}

std::vector<std::pair<std::string, Role>> AlertSink::requests() {
  return {{"alert.ack", Role::operator_},
          {"alert.silence", Role::operator_},
          {"alert.unsilence", Role::operator_},
          {"alert.silences", Role::viewer}};
}

Result<std::string> AlertSink::answer(const ControlRequest& request) {
  if (request.verb == "alert.silences") return silences();
  if (state_path_.empty()) return Error{"nobody is told of incidents: the configuration has no [alert.NAME]", ErrorKind::usage};
  return request.verb == "alert.ack" ? acknowledge(request) : request.verb == "alert.silence" ? silence(request) : end_silence(request);
}

Result<std::string> AlertSink::acknowledge(const ControlRequest& request) {
  const auto with = Json::parse(request.with, nullptr, false);
  if (!with.is_object() || text_of(with, "id", 100).empty()) return Error{"'id' must be an incident's id", ErrorKind::usage};
  const auto by = who_asks(request), id = text_of(with, "id", 100);
  std::vector<OutgoingAlert> alerts;
  {
    const std::lock_guard policy{mutex_};
    alerts = TRY(policy_.acknowledge(id, by, wall_clock()));
  }
  record(by, "alert.ack", id);
  const auto told = alerts.size();
  worker_->post([this, alerts] { hand_on(alerts, true); });
  return dump({{"schema", 1}, {"acknowledged", id}, {"by", by}, {"told", told}});
}

Result<std::string> AlertSink::silence(const ControlRequest& request) {
  const auto with = Json::parse(request.with, nullptr, false);
  const auto for_s = with.is_object() ? with.find("for_s") : with.end();
  if (!with.is_object() || for_s == with.end() || !for_s->is_number_integer() || *for_s < 60 || *for_s > 30 * 86'400)
    return Error{"'for_s' must be seconds, from 60 to 2592000", ErrorKind::usage};
  AlertSilence silence;
  const auto now = wall_clock();
  silence.until = now + for_s->get<std::int64_t>() * kSecond;
  silence.kind = text_of(with, "kind", 100), silence.direction = text_of(with, "direction", 100),
  silence.label = text_of(with, "label", 100);
  silence.subject = text_of(with, "subject", 100), silence.channel = text_of(with, "channel", 100), silence.by = who_asks(request);
  if (!silence.channel.empty() && !outboxes_.contains(silence.channel))
    return Error{fmt::format("there is no [alert.{}]", silence.channel), ErrorKind::usage};
  AlertSilence made;
  {
    const std::lock_guard policy{mutex_};
    made = TRY(policy_.silence(std::move(silence), now));
  }
  record(made.by, "alert.silence", dump(silence_json(made)));
  worker_->post([this] { hand_on({}, true); });
  return dump({{"schema", 1}, {"silence", silence_json(made)}});
}

Result<std::string> AlertSink::end_silence(const ControlRequest& request) {
  const auto with = Json::parse(request.with, nullptr, false);
  const auto id = with.is_object() ? text_of(with, "id", 100) : std::string{};
  {
    const std::lock_guard policy{mutex_};
    if (!policy_.end_silence(id, wall_clock())) return Error{fmt::format("there is no silence '{}'", id), ErrorKind::usage};
  }
  record(who_asks(request), "alert.unsilence", id);
  worker_->post([this] { hand_on({}, true); });
  return dump({{"schema", 1}, {"ended", id}});
}

std::string AlertSink::silences() const {
  Json list = Json::array();
  const std::lock_guard policy{mutex_};
  for (const auto& s : policy_.silences(wall_clock())) list.push_back(silence_json(s));
  return dump({{"schema", 1}, {"silences", std::move(list)}});
}

std::string AlertSink::json() const {
  Json channels = Json::array();
  for (const auto& [name, outbox] : outboxes_) {
    const auto s = outbox->status();
    channels.push_back({{"name", s.name},
                        {"type", s.type},
                        {"sent", s.sent},
                        {"failed", s.failed},
                        {"waiting", s.waiting},
                        {"dropped", s.dropped},
                        {"dead", s.dead},
                        {"last_sent", time_or_null(s.last_sent)},
                        {"last_ms", s.last_ms},
                        {"failing_since", time_or_null(s.failing_since)},
                        {"problem", s.problem.empty() ? Json(nullptr) : Json(s.problem)},
                        {"next_try_s", s.next_try_s}});
  }
  const std::lock_guard policy{mutex_};
  const auto& counts = policy_.counts();
  return dump({{"channels", std::move(channels)},
               {"open", policy_.open_groups()},
               {"silences", policy_.silences(wall_clock()).size()},
               {"alerts", counts.alerts},
               {"held_back", counts.held_back},
               {"not_told", counts.not_told},
               {"forgotten", counts.forgotten},
               {"queue_dropped", worker_ ? worker_->dropped() : 0}});
}

std::vector<HealthLine> AlertSink::problems() const {
  std::vector<HealthLine> lines;
  for (const auto& [name, why] : unusable_)
    lines.push_back({"alerts", fmt::format("'{}' is not told anything: {}", name, why), "mend it, then restart the agent"});
  for (const auto& [name, outbox] : outboxes_) {
    const auto s = outbox->status();
    if (s.failing_since)
      lines.push_back({"alerts",
                       fmt::format("'{}' fails since {}: {}; {} waiting", name, format_clock(*s.failing_since), s.problem, s.waiting),
                       fmt::format("check with 'sekisho alert test {}'; it is tried again in {} s", name, s.next_try_s)});
    if (!s.disk_problem.empty())
      lines.push_back({"alerts", s.disk_problem, "alerts are sent, but those that wait would not outlive a restart"});
    if (s.dropped)
      lines.push_back({"alerts", fmt::format("'{}': {} alerts were dropped, the spool was full", name, format_count(s.dropped)),
                       "mend the channel, or raise [alert] max_waiting"});
  }
  const std::lock_guard policy{mutex_};
  if (!state_problem_.empty()) lines.push_back({"alerts", state_problem_, "after a restart something may be told twice"});
  return lines;
}

}  // namespace sekisho
