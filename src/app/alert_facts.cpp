// The words are those of the reports.
#include "app/alert_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/incident_json.h"
#include "app/report_eve.h"
#include "app/report_facts.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

std::string verdict_words(const Incident& i) {
  switch (standing_of(i)) {
    case Standing::taking_part: return "this server is taking part in an attack on others";
    case Standing::attacked: return "this server is under attack";
    case Standing::guessed: return "somebody guesses logins of this server";
    case Standing::scanned: return "this server is scanned, not attacked";
    default: return "no attack, worth a look";
  }
}

}  // namespace

AlertFacts alert_facts(const Incident& i) {
  AlertFacts f;
  f.id = escape_hostile(i.id, 64), f.name = short_id(i);
  f.kind = i.kind, f.direction = i.direction, f.severity = i.severity;
  f.label = escape_hostile(i.label, 64);
  f.what = directed_title(i);
  f.subject = subject_name(i);
  f.verdict = verdict_words(i) + (i.headline.empty() ? "" : ": " + escape_hostile(i.headline, 240));
  f.size = size_text(i), f.when = when_text(i), f.target = target_text(i), f.who = who_text(i);
  if (i.process) f.process = process_text(*i.process);
  f.advice = advice_of(i);
  f.evidence = escape_hostile(i.evidence_path, 400);
  f.techniques = i.techniques;
  f.taking_part = standing_of(i) == Standing::taking_part;
  f.from_logs = is_from_logs(i);
  f.started = i.started, f.ended = i.ended;
  f.peak_pps = i.peak_pps, f.peak_bps = i.peak_bps, f.normal_pps = i.normal_pps;
  f.packets = i.packets, f.peers = i.distinct_peers;
  f.confidence = i.confidence;
  f.json = incident_json(i).dump();
  f.eve = eve_alert(i);
  return f;
}

AlertFacts example_alert_facts(TimeNs now) {
  Incident i;
  i.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  i.label = "udp_flood";
  i.labels = {{"udp_flood", 1.0}};
  i.subject = "203.0.113.5";
  i.distinct_peers = 1904;
  i.peers_spoofed = true;
  i.top_peers = {{*parse_address("198.51.100.14"), 4444, 380'112}};
  i.local_ports = {{443, 94'012'000}};
  i.started = now - 8 * kSecond, i.detected = now - 7 * kSecond;
  i.peak_pps = 812'000, i.peak_bps = 6.9e9, i.normal_pps = 8'400;
  i.packets = 6'100'000, i.bytes = 6'500'000'000;
  i.confidence = 97, i.severity = Severity::critical;
  i.techniques = {"T1498.001"};
  i.headline = "a test of the alerts, no attack";
  i.evidence = {"this is a test"}, i.counter_evidence = {"nothing happened"};
  i.advice = "Nothing: this is a test.";
  return alert_facts(i);
}

}  // namespace sekisho
