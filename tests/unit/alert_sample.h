// An alert for tests, and one whose every text is hostile.
#pragma once
#include <stdexcept>

#include "alert/channel.h"

namespace sekisho::samples {

constexpr TimeNs kAlertTime = 1'795'313'720 * kSecond;  // 2026-11-22 02:15:20 UTC

inline Alert udp_alert() {
  Alert a;
  a.id = "01M80GJC4Y5Q9WSCBY2R0T7K3F-6b0f-opened-0";
  a.group = "01M80GJC4Y5Q9WSCBY2R0T7K3F";
  a.time = kAlertTime;
  a.host = "web-3";
  a.link = "https://sekisho.example.org";
  auto& f = a.facts;
  f.id = a.group, f.name = "i-20261122-7K3F";
  f.severity = Severity::critical;
  f.label = "udp_flood", f.what = "inbound UDP flood", f.subject = "203.0.113.5";
  f.verdict = "this server is under attack", f.size = "peak 812 kpps, 6.9 Gb/s (x96 of normal)", f.when = "since 02:15:10";
  f.target = "203.0.113.5, port 443", f.who = "1,904 sources; spoofed addresses", f.advice = "Ask your provider to filter this.";
  f.evidence = "/var/lib/sekisho/evidence/x.pcapng";
  f.techniques = {"T1498.001"};
  f.started = kAlertTime - 10 * kSecond;
  f.peak_pps = 812'000, f.peak_bps = 6.9e9, f.normal_pps = 8'400, f.packets = 6'000'000, f.peers = 1904, f.confidence = 97;
  f.json = R"({"id":"01M80GJC4Y5Q9WSCBY2R0T7K3F","label":"udp_flood"})";
  f.eve = R"({"timestamp":"2026-11-22T02:15:10.000000+0000","event_type":"alert"})";
  return a;
}

// Everything that breaks out of a place somewhere.
constexpr const char* kHostile =
    "@everyone @here <!channel> <@U123> [x](http://evil.example) **b** `c` <script>alert(1)</script> \"q\" ]|=\\ \r\nBcc: "
    "a@b.example\r\n.\r\n"
    "\x1b[31m \xe2\x80\xae txt.exe \x80\xff =cmd|' /C calc'!A0";

inline Alert hostile_alert() {
  Alert a = udp_alert();
  a.host = kHostile, a.by = kHostile;
  for (auto* text : {&a.facts.label, &a.facts.what, &a.facts.subject, &a.facts.verdict, &a.facts.size, &a.facts.when, &a.facts.target,
                     &a.facts.who, &a.facts.process, &a.facts.advice, &a.facts.evidence, &a.facts.name})
    *text = kHostile;
  return a;
}

// Every text of the alert is this one.
inline Alert alert_saying(const std::string& text) {
  Alert a = hostile_alert();
  a.host = a.by = text;
  for (auto* one : {&a.facts.label, &a.facts.what, &a.facts.subject, &a.facts.verdict, &a.facts.size, &a.facts.when, &a.facts.target,
                    &a.facts.who, &a.facts.process, &a.facts.advice, &a.facts.evidence, &a.facts.name})
    *one = text;
  return a;
}

inline AlertChannel alert_channel(const std::string& type) {
  AlertChannelSettings s;
  s.type = type;
  if (type == "syslog" || type == "cef") s.url = "udp://192.0.2.7:514";
  if (type == "email")
    s.url = "smtp://mail.example.org:587", s.from = "sekisho@example.org", s.to = {"ops@example.org", "boss@example.org"};
  if (type == "eve") s.path = "/var/log/sekisho/eve.json";
  if (type == "program") s.program = "/usr/local/bin/tell", s.args = {"--from", "sekisho"};
  if (type == "telegram") s.chat = "-1001";
  if (type == "ntfy") s.url = "https://ntfy.example.org/ops";
  if (type == "webhook" || type == "alertmanager") s.url = "https://hooks.example.org/secret-path";
  const bool has_address = type == "slack" || type == "discord" || type == "teams";
  if (has_address) s.secret = "https://hooks.example.org/T0/B0/secretsecret";
  if (type == "webhook" || type == "telegram" || type == "pagerduty" || type == "opsgenie" || type == "ntfy") s.secret = "R0UT1NGK3Y";
  auto made = make_alert_channel("oncall", s);
  if (!made.ok()) throw std::runtime_error(made.error().message);
  return std::move(made).value();
}

inline AlertDelivery rendered(const std::string& type, const Alert& alert) {
  const auto channel = alert_channel(type);
  return render_alert(channel, alert, kAlertTime);
}

}  // namespace sekisho::samples
