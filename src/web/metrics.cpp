// /metrics: Prometheus text format 0.0.4. Names are stable: docs/rest.md lists them, packaging/ has rules and a dashboard for them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "web/api.h"

namespace sekisho {
namespace {

class Exposition {
 public:
  // `type`: counter, gauge. Values follow with value().
  void metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  void value(double number, const std::map<std::string, std::string>& labels = {}) {
    text_ += name_;
    if (!labels.empty()) {
      text_ += '{';
      bool first = true;
      for (const auto& [key, value] : labels) text_ += fmt::format("{}{}=\"{}\"", first ? "" : ",", key, escaped(value)), first = false;
      text_ += '}';
    }
    text_ += std::floor(number) == number && std::abs(number) < 1e15 ? fmt::format(" {}\n", static_cast<std::int64_t>(number))
                                                                     : fmt::format(" {}\n", number);
  }
  void one(std::string_view name, std::string_view type, std::string_view help, double number) { metric(name, type, help), value(number); }
  std::string take() { return std::move(text_); }

 private:
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : std::string{c};
    return out;
  }
  std::string name_, text_;
};

const Json& part(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}
double number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

void traffic(Exposition& out, const Json& second) {
  const std::pair<const char*, const Json*> sides[] = {{"ingress", &part(second, "ingress")}, {"egress", &part(second, "egress")}};
  const auto each = [&](std::string_view name, std::string_view help, const char* key) {
    out.metric(name, "gauge", help);
    for (const auto& [direction, side] : sides) out.value(number(*side, key), {{"direction", direction}});
  };
  each("sekisho_traffic_packets_per_second", "Packets in the last second.", "pps");
  each("sekisho_traffic_bits_per_second", "Bits on the wire in the last second.", "bps");
  each("sekisho_traffic_normal_packets_per_second", "What was learned as normal; 0 while nothing was learned.", "normal_pps");
  each("sekisho_traffic_threshold_packets_per_second", "Above it the volume alone is remarkable; 0 while nothing was learned.",
       "threshold_pps");
  out.metric("sekisho_traffic_class_packets_per_second", "gauge", "Packets in the last second by traffic class.");
  for (const auto& [direction, side] : sides)
    for (const auto& [name, counts] : part(*side, "classes").items())
      if (counts.is_object()) out.value(number(counts, "packets"), {{"class", name}, {"direction", direction}});
}

// How the alerts of each channel fare, and the block list; as the agent's status has them.
void alerts(Exposition& out, const Json& state) {
  const auto channels = state.find("channels");
  if (channels == state.end() || !channels->is_array()) return;
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help, auto value_of) {
    out.metric(name, type, help);
    for (const auto& channel : *channels)
      if (channel.is_object())
        out.value(value_of(channel), {{"channel", channel.value("name", std::string{})}, {"type", channel.value("type", std::string{})}});
  };
  const auto counter = [&](std::string_view name, std::string_view help, const char* key) {
    each(name, "counter", help, [key](const Json& channel) { return number(channel, key); });
  };
  if (!channels->empty()) {
    counter("sekisho_alert_messages_sent_total", "Alerts that the channel accepted since the start of the agent.", "sent");
    counter("sekisho_alert_tries_failed_total", "Tries that failed; each is repeated later.", "failed");
    counter("sekisho_alert_messages_dropped_total", "Alerts that had no room in the channel's spool.", "dropped");
    counter("sekisho_alert_messages_given_up_total", "Alerts that were never accepted and are not tried any more.", "dead");
    each("sekisho_alert_messages_waiting", "gauge", "Alerts in the channel's spool.", [](const Json& c) { return number(c, "waiting"); });
    each("sekisho_alert_channel_failing", "gauge", "1 while the channel's last try failed.",
         [](const Json& c) { return c.contains("failing_since") && c["failing_since"].is_string() ? 1.0 : 0.0; });
  }
  out.one("sekisho_alerts_held_back_total", "counter",
          "Alerts that a bound, quiet hours or a digest held back since the start of the agent.", number(state, "held_back"));
  out.one("sekisho_alert_silences", "gauge", "Silences in force.", number(state, "silences"));
}

void blocks(Exposition& out, const Json& state) {
  if (state.empty()) return;
  out.one("sekisho_blocked_networks", "gauge", "Addresses and networks that are blocked.", number(state, "in_force"));
  out.one("sekisho_blocked_packets_total", "counter", "Packets that the block list dropped.", number(state, "dropped_packets"));
  out.one("sekisho_blocked_bytes_total", "counter", "Bytes that the block list dropped.", number(state, "dropped_bytes"));
}

HttpResponse metrics(const Api& api, Call& call) {
  Exposition out;
  const bool running = api.agent.running();
  out.metric("sekisho_build_info", "gauge", "1; the version is a label.");
  out.value(1, {{"version", api.lent.version}});
  out.one("sekisho_agent_up", "gauge", "1 while the agent runs, 0 while nothing is watched.", running ? 1 : 0);
  Json agent = Json::object();
  if (running)
    if (const auto said = api.agent.ask("status", "{}", Role::viewer); said.ok()) agent = Json::parse(said.value(), nullptr, false);
  if (agent.is_object() && !agent.empty()) {
    const auto& about = part(agent, "agent");
    out.one("sekisho_agent_uptime_seconds", "gauge", "How long the agent has been running.", number(about, "uptime_s"));
    out.one("sekisho_agent_memory_bytes", "gauge", "Resident memory of the agent.", number(about, "memory_bytes"));
    out.one("sekisho_agent_cpu_ratio", "gauge", "Processor time of the agent since its start, as a share of one core.",
            number(about, "cpu_percent") / 100);
    const auto& total = part(part(agent, "traffic"), "total");
    out.metric("sekisho_packets_total", "counter", "Packets counted since the start of the agent, sampling weights applied.");
    out.value(number(total, "packets_in"), {{"direction", "ingress"}});
    out.value(number(total, "packets_out"), {{"direction", "egress"}});
    out.one("sekisho_packets_dropped_total", "counter", "Packets that capture lost since the start of the agent.",
            number(total, "dropped"));
    traffic(out, part(agent, "traffic"));
    alerts(out, part(agent, "alerts"));
    blocks(out, part(agent, "block"));
    out.one("sekisho_health_problems", "gauge", "Lines of health that want attention.",
            agent.contains("health") && agent["health"].is_array() ? static_cast<double>(agent["health"].size()) : 0);
  }
  if (auto reader = call.worker.store(); reader.ok()) {
    IncidentFilter open;
    open.open_only = true;
    if (const auto found = reader.value()->incidents(open); found.ok()) {
      out.metric("sekisho_incidents_open", "gauge", "Incidents that are going on, by kind, direction and severity.");
      std::map<std::tuple<std::string, std::string, std::string>, double> sums;
      for (const auto& incident : found.value()) ++sums[{incident.kind, incident.direction, std::string{to_string(incident.severity)}}];
      for (const auto& [key, count] : sums)
        out.value(count, {{"kind", std::get<0>(key)}, {"direction", std::get<1>(key)}, {"severity", std::get<2>(key)}});
      if (sums.empty()) out.value(0, {{"kind", ""}, {"direction", ""}, {"severity", ""}});
      out.one(
          "sekisho_taking_part", "gauge", "1 while this host takes part in an attack.",
          std::any_of(found.value().begin(), found.value().end(), [](const auto& i) { return i.direction == "egress" || i.kind == "c2"; })
              ? 1
              : 0);
    }
    if (const auto facts = reader.value()->facts(); facts.ok()) {
      out.one("sekisho_incidents_stored", "gauge", "Incidents on record.", static_cast<double>(facts.value().incidents));
      out.one("sekisho_store_bytes", "gauge", "Size of the history on disk.", static_cast<double>(facts.value().bytes));
      out.one("sekisho_store_last_second_timestamp_seconds", "gauge", "Time of the newest second on record.",
              facts.value().last_second ? static_cast<double>(*facts.value().last_second / kSecond) : 0);
      out.one("sekisho_evidence_files", "gauge", "Capture files of incidents.", static_cast<double>(facts.value().evidence_files));
      out.one("sekisho_evidence_bytes", "gauge", "Their size.", static_cast<double>(facts.value().evidence_bytes));
    }
  }
  if (api.site) {
    const auto& counts = api.site->counts;
    out.one("sekisho_web_requests_total", "counter", "Requests to the dashboard.", static_cast<double>(counts.requests));
    out.one("sekisho_web_requests_denied_total", "counter", "Requests that were refused: not signed in, wrong host, another site's page.",
            static_cast<double>(counts.denied));
    out.one("sekisho_web_requests_failed_total", "counter", "Requests that could not be answered.", static_cast<double>(counts.failed));
    out.one("sekisho_web_connections", "gauge", "Open connections.", static_cast<double>(counts.connections));
    out.one("sekisho_web_connections_refused_total", "counter", "Connections beyond the bound.",
            static_cast<double>(counts.connections_refused));
    out.one("sekisho_web_viewers", "gauge", "Viewers of the live stream.", static_cast<double>(counts.viewers));
    out.one("sekisho_web_sent_bytes_total", "counter", "Bytes sent.", static_cast<double>(counts.bytes_sent));
    out.one("sekisho_web_stream_events_skipped_total", "counter", "Events of the stream that slow viewers did not get.",
            static_cast<double>(api.site->feed().skipped()));
  }
  if (api.access) {
    out.one("sekisho_web_sessions", "gauge", "Signed-in sessions.", static_cast<double>(api.access->sessions()));
    out.one("sekisho_web_logins_failed_total", "counter", "Failed tries to sign in.", static_cast<double>(api.access->failed_logins()));
  }
  if (api.workers)
    out.one("sekisho_web_jobs_refused_total", "counter", "Requests refused because too many waited.",
            static_cast<double>(api.workers->refused()));
  HttpResponse response;
  response.type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = out.take();
  return response;
}

}  // namespace

void add_metrics_route(Routes& routes, const Api& api) {
  routes.add("GET", "/metrics", api.open_metrics ? Role::none : Role::viewer, [&api](Call& call) { return metrics(api, call); });
}

}  // namespace sekisho
