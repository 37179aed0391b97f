// eve: lines of Suricata's EVE JSON, appended to a file or written to a unix socket.
#include <nlohmann/json.hpp>

#include "alert/channel.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check(const AlertChannel& c) {
  if (c.settings.path.starts_with('/')) return {};
  return Error{"[alert." + c.name + "] needs 'path': a file or a unix socket, from / on", ErrorKind::usage};
}

AlertDelivery render(const AlertChannel&, const Alert& alert, TimeNs) {
  auto line = Json::parse(alert.facts.eve, nullptr, false);
  if (!line.is_object()) return {};
  line["sekisho_event"] = to_string(alert.event);
  line["sekisho_alert_id"] = alert.id;
  return AlertDatagram{line.dump(-1, ' ', false, Json::error_handler_t::replace), false};
}

const Register<AlertChannelSpec> reg{{"eve", "EVE JSON lines in a file or to a unix socket", check, render}};

}  // namespace
}  // namespace sekisho
