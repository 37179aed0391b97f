// Events out, answers back.
#include "app/control_sink.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/history_json.h"
#include "app/incident_json.h"
#include "app/live_json.h"

namespace sekisho {

ControlSink::ControlSink(std::unique_ptr<ControlServer> server, std::string store_path, AgentStatus& status)
    : server_(std::move(server)), store_path_(std::move(store_path)), status_(status), worker_("control-feed", 4096) {
  server_->on("status", Role::viewer, [this](const ControlRequest&) -> Result<std::string> { return status_.json(); });
  server_->on("config", Role::viewer, [this](const ControlRequest&) -> Result<std::string> {
    const std::lock_guard lock{mutex_};
    return config_;
  });
  server_->on("incidents", Role::viewer, [this](const ControlRequest& r) { return incidents(r.with); });
  server_->on("incident", Role::viewer, [this](const ControlRequest& r) { return incident(r.with); });
  server_->on_snapshot([this] { return snapshot(); });
}

ControlSink::~ControlSink() { finish(); }

void ControlSink::start() { server_->start(); }

void ControlSink::set_config(std::string config) {
  const std::lock_guard lock{mutex_};
  config_ = std::move(config);
}

void ControlSink::on_incident(const IncidentNotice& notice) {
  worker_.post([this, notice] {
    const auto object = incident_json(*notice.incident).dump();
    {
      const std::lock_guard lock{mutex_};
      if (notice.incident->ended)
        open_.erase(notice.incident->id);
      else
        open_[notice.incident->id] = object;
    }
    server_->publish("incident", change_json(notice));
  });
}

void ControlSink::on_second(const std::shared_ptr<const LiveSecond>& second) {
  worker_.post([this, second] { server_->publish("second", second_json(*second)); }, Worker::Importance::routine);
}

void ControlSink::finish() {
  worker_.finish();
  server_->stop();
}

std::string ControlSink::snapshot() const {
  std::string list;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, object] : open_) list += (list.empty() ? "" : ",") + object;
  }
  return fmt::format(R"({{"status":{},"incidents":[{}]}})", status_.json(), list);
}

// From the store; without it those that are open, from memory.
Result<std::string> ControlSink::incidents(const std::string& with) const {
  const auto filter = TRY(parse_incident_filter(with));
  if (auto reader = open_store_reader(store_path_); reader.ok()) {
    const auto list = TRY(reader.value()->incidents(filter));
    return incidents_document(list);
  }
  std::string list;
  const std::lock_guard lock{mutex_};
  for (const auto& [id, object] : open_) list += (list.empty() ? "" : ",") + object;
  return fmt::format(R"({{"schema":1,"incidents":[{}]}})", list);
}

Result<std::string> ControlSink::incident(const std::string& with) const {
  const auto given = nlohmann::json::parse(with, nullptr, false);
  if (!given.is_object() || !given.contains("id") || !given["id"].is_string()) return Error{"'id' must be an incident's id"};
  const auto id = given["id"].get<std::string>();
  auto reader = TRY(open_store_reader(store_path_));
  const auto found = TRY(reader->incident(id));
  if (!found) return Error{"there is no such incident"};
  const auto timeline = TRY(reader->timeline(found->id));
  const auto evidence = TRY(reader->evidence(found->id));
  return incident_document(*found, timeline, evidence);
}

}  // namespace sekisho
