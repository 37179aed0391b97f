// Alert: what one message says, as data: an incident in words, why it is told now, and the numbers. Channels turn it into their payload.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/labels.h"
#include "model/packet.h"

namespace sekisho {

enum class AlertEvent : std::uint8_t { opened, worse, update, reminder, acknowledged, resolved, digest, overflow, test };
std::string_view to_string(AlertEvent event);

// An incident in words. Texts may hold what a packet, a log or a user put there: every channel makes them harmless for its target.
struct AlertFacts {
  std::string id, name;  // ULID, "i-20261122-7K3F"; empty: no incident (digest, overflow)
  Kind kind = Kind::flood;
  Direction direction = Direction::ingress;
  Severity severity = Severity::info;
  std::string label;
  std::string what;     // "inbound UDP flood"
  std::string subject;  // the local address, "this host"
  std::string verdict, size, when, target, who, process, advice, evidence;
  std::vector<std::string> techniques;
  bool taking_part = false, from_logs = false;
  TimeNs started = 0;
  std::optional<TimeNs> ended;
  double peak_pps = 0, peak_bps = 0, normal_pps = 0;
  std::uint64_t packets = 0, peers = 0;
  int confidence = 0;
  std::string json, eve;  // the contract object, and the same as a line of EVE JSON
};

struct AlertNote {
  std::string name, text;
};

struct Alert {
  std::string id;     // stays the same over retries and restarts: the idempotency key
  std::string group;  // the incident that began it: one alert for all that belong together
  AlertEvent event = AlertEvent::opened;
  TimeNs time = 0;
  std::string host, link;            // this machine's name; the dashboard's address or empty
  AlertFacts facts;                  // the most severe incident of the group
  Severity former = Severity::info;  // worse: what was told before
  std::size_t incidents = 1;         // of the group
  std::string by;                    // acknowledged: who did
  std::vector<AlertNote> notes;      // digest, overflow: the first is the subject line's text
};

// For the spool. parse_alert() takes any bytes.
std::string alert_json(const Alert& alert);
Result<Alert> parse_alert(std::string_view text);
// Facts without `json` and `eve`, for the policy's state.
std::string alert_facts_json(const AlertFacts& facts);
Result<AlertFacts> parse_alert_facts(std::string_view text);

}  // namespace sekisho
