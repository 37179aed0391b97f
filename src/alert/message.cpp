// The words of an alert.
#include "alert/message.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sekisho {
namespace {

std::string clean(std::string_view text, std::size_t most) { return escape_hostile(text, most); }

std::string size_words(const AlertFacts& f) {
  if (f.from_logs) return fmt::format("{} log lines", format_count(f.packets));
  std::string out = format_rate_pps(f.peak_pps);
  if (f.normal_pps > 0 && f.peak_pps >= 1.5 * f.normal_pps) out += fmt::format(" (x{:.0f} normal)", f.peak_pps / f.normal_pps);
  return out;
}

// The clock where it is clear which day is meant.
std::string since(TimeNs started, TimeNs now) {
  return now - started < 12 * 60 * kMinute ? format_clock(started) : format_datetime(started);
}

std::string subject_of(const Alert& a) {
  const auto& f = a.facts;
  const auto host = clean(a.host, 64), what = clean(f.what, 80);
  const auto open = [&](std::string_view mark, std::string_view lead) {
    const auto more = a.incidents > 1 ? fmt::format(", {} incidents", a.incidents) : std::string{};
    return fmt::format("[{}] {} {}{} {}{}, since {}", mark, host, lead, what, size_words(f), more, since(f.started, a.time));
  };
  switch (a.event) {
    case AlertEvent::opened: return open(severity_word(f.severity), "");
    case AlertEvent::worse: return open(severity_word(f.severity), "worse: ");
    case AlertEvent::update: return open(severity_word(f.severity), "update: ");
    case AlertEvent::reminder: return open(severity_word(f.severity), "not acknowledged: ");
    case AlertEvent::test: return open("TEST", "");
    case AlertEvent::acknowledged: return fmt::format("[ACK] {} {}, by {}", host, what, clean(a.by, 64));
    case AlertEvent::resolved: {
      const auto size = f.from_logs ? size_words(f) : "peak " + format_rate_pps(f.peak_pps);
      return fmt::format("[RESOLVED] {} {}, {}, after {}", host, what, size, format_duration(std::max<DurationNs>(a.time - f.started, 0)));
    }
    case AlertEvent::digest: return fmt::format("[DIGEST] {} {}", host, a.notes.empty() ? "" : clean(a.notes.front().text, 200));
    case AlertEvent::overflow: return fmt::format("[HELD BACK] {} {}", host, a.notes.empty() ? "" : clean(a.notes.front().text, 200));
  }
  return host;
}

}  // namespace

std::string_view severity_word(Severity severity) {
  switch (severity) {
    case Severity::critical: return "CRIT";
    case Severity::high: return "HIGH";
    case Severity::medium: return "MED";
    case Severity::low: return "LOW";
    case Severity::info: break;
  }
  return "INFO";
}

AlertMessage alert_message(const Alert& a) {
  const auto& f = a.facts;
  AlertMessage m;
  m.subject = subject_of(a);
  const auto add = [&](const char* name, std::string_view text, std::size_t most = 400) {
    if (!text.empty()) m.lines.push_back({name, clean(text, most)});
  };
  if (!f.id.empty()) {
    add("verdict", f.verdict);
    add("size", f.size);
    add("when", f.when);
    add(f.direction == Direction::egress ? "from" : "target", f.target);
    add("who", f.who);
    add("process", f.process);
    if (a.incidents > 1) add("also", fmt::format("{} incidents of this kind began together; this is the worst", a.incidents));
    if (a.event != AlertEvent::resolved && a.event != AlertEvent::acknowledged) add("do", f.advice, 900);
    add("evidence", f.evidence);
    const bool open = a.event != AlertEvent::resolved && a.event != AlertEvent::acknowledged && a.event != AlertEvent::test;
    add("more", open ? fmt::format("sekisho show {0} · sekisho ack {0}", f.name) : "sekisho show " + f.name);
  }
  for (std::size_t i = 1; i < a.notes.size() && i <= 30; ++i) m.lines.push_back({clean(a.notes[i].name, 60), clean(a.notes[i].text, 300)});
  if (!a.link.empty()) m.link = f.id.empty() ? a.link : fmt::format("{}/incidents/{}", a.link, clean(f.id, 40));
  return m;
}

std::string plain_text(const AlertMessage& message) {
  std::string out;
  for (const auto& line : message.lines) out += fmt::format("{}: {}\n", line.name, line.text);
  if (!message.link.empty()) out += message.link + "\n";
  return out;
}

}  // namespace sekisho
