// Alert channels: where messages go. One file for each type turns an alert into what its receiver takes; sending is elsewhere.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "alert/message.h"
#include "base/registry.h"
#include "base/settings.h"

namespace sekisho {

// [alert.NAME] as it stands in the configuration.
struct AlertChannelSettings {
  std::string type, url, secret, secret_file;
  // What is told, and when.
  std::vector<std::string> kinds, directions, hours;
  std::string severity = "high";
  Milliseconds after{0}, repeat{0};
  bool updates = true, resolved = true;
  std::int64_t per_hour = 60;
  std::string digest;
  // How it is sent.
  bool private_targets = false;
  std::string ca_file;
  Milliseconds timeout{10'000};
  std::vector<std::string> to, args;
  std::string from, user, tls = "required", chat, program, path;
};
std::span<const Field<AlertChannelSettings>> alert_channel_fields();

// A channel whose settings were found correct. `secret` is what the file or the setting held; it is never printed.
struct AlertChannel {
  std::string name;
  AlertChannelSettings settings;
  std::string secret;
  bool secret_read = true;  // false: it stands in a file that was not opened
};

using AlertHeaders = std::vector<std::pair<std::string, std::string>>;
struct AlertHttp {
  std::string method = "POST", url;
  AlertHeaders headers;
  std::string body;
};
struct AlertMail {
  std::string from;
  std::vector<std::string> to;
  std::string text;  // headers and body, lines end with CR LF
};
// One line or datagram; where it goes is the channel's path or url.
struct AlertDatagram {
  std::string text;
  bool frames_count = false;  // over TCP: RFC 6587 octet counting instead of a newline
};
struct AlertProgram {
  std::string input;
};
// The first: this event means nothing to this receiver.
using AlertDelivery = std::variant<std::monostate, AlertHttp, AlertMail, AlertDatagram, AlertProgram>;

struct AlertChannelSpec {
  std::string_view name, help;
  // Which settings it cannot do without; one sentence when something is wrong. No I/O.
  Result<void> (*check)(const AlertChannel& channel);
  // Pure: the same alert and time give the same delivery.
  AlertDelivery (*render)(const AlertChannel& channel, const Alert& alert, TimeNs now);
};
const AlertChannelSpec* find_alert_channel(std::string_view type);
// What is sent of an alert whose texts were cleaned of control characters and marks of direction first: each channel escapes only for its
// own format.
AlertDelivery render_alert(const AlertChannel& channel, const Alert& alert, TimeNs now);

// Reads the secret and checks what ranges cannot; the sentence names the setting and never holds a secret.
Result<AlertChannel> make_alert_channel(const std::string& name, AlertChannelSettings settings);
// The same without opening secret_file, which only the agent's user may be able to read.
Result<void> check_alert_channel(const std::string& name, AlertChannelSettings settings);

// For checks: `url` has a host and one of these schemes; control characters nowhere.
Result<void> check_alert_url(const AlertChannel& channel, std::initializer_list<std::string_view> schemes);
Result<void> need_alert_secret(const AlertChannel& channel, std::string_view what);
// Chats whose address is itself the secret: `url`, or the secret when there is none.
const std::string& alert_target(const AlertChannel& channel);
// "https://hooks.example/…": what may be shown of an address.
std::string shown_alert_url(std::string_view url);
// The payload for people, every secret replaced; for a dry run.
std::string shown_delivery(const AlertChannel& channel, const AlertDelivery& delivery);

}  // namespace sekisho
