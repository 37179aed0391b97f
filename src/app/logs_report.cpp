// The article's report: failures per source, sorted; then what the firewall logged, the incidents, and what was read.
#include "app/logs_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/report_text.h"
#include "app/text_layout.h"
#include "app/time_words.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

// "11-22 13:02" in this machine's zone, as the log itself says it.
std::string short_time(TimeNs time) {
  const std::string whole = format_local(time);
  return whole.size() >= 16 ? whole.substr(5, 11) : whole;
}

std::string rate_of(const LoginFact& f) {
  const double minutes = std::max(1.0, static_cast<double>(f.last_seen - f.first_seen) / kMinute);
  const double rate = f.failures / minutes;
  return rate >= 10      ? fmt::format("{:.0f}/min", rate)
         : rate >= 0.095 ? fmt::format("{:.1f}/min", rate)
                         : fmt::format("{:.1f}/h", rate * 60);
}

std::string_view plural(std::uint64_t n) { return n == 1 ? "" : "s"; }

void login_table(TextPage& page, const LogsReport& r, LogService service, std::string_view title, std::string_view what, std::size_t most) {
  std::uint64_t failures = 0, sources = 0, after = 0, successes = 0, probes = 0;
  std::vector<const LoginFact*> rows;
  bool decoy = false;
  for (const auto& f : r.logins) {
    if (f.service != service) continue;
    probes += f.probes;
    successes += f.successes;
    if (f.failures == 0) continue;
    failures += f.failures, ++sources;
    after += !f.honeypot && f.worst_success >= 5;
    decoy |= f.honeypot;
    rows.push_back(&f);
  }
  if (failures == 0 && probes == 0 && successes == 0) return;
  std::uint64_t users = 0;
  for (const auto& u : r.users) users += u.service == service;
  page.blank();
  // Without failures there is no attack to name.
  std::string line = fmt::format("{}   {} {}   {} source{}", failures ? std::string{title} : fmt::format("{} logins", to_string(service)),
                                 format_count(failures), what, format_count(sources), plural(sources));
  if (service != LogService::http)
    line += fmt::format("   {} user{} guessed   {} success{} after failures", format_count(users), plural(users), after,
                        after == 1 ? "" : "es");
  page.line({{line, Ink::bold}});
  if (probes) page.entry(2, 0, "", Ink::none, fmt::format("{} connections that never tried a login", format_count(probes)), Ink::dim);
  if (rows.empty()) return;
  page.line({{fmt::format(" {:<39} {:>7} {:>5}  {:<11}  {:<11}  {:>9}  {}", "source", "fails",
                          service == LogService::http ? "paths" : "users", "first", "last", "rate", "looks like"),
              Ink::dim}});
  std::size_t shown = 0;
  for (const auto* f : rows) {
    if (most && shown++ == most) {
      page.entry(1, 0, "", Ink::none, fmt::format("and {} more sources (--top 0 shows all)", rows.size() - most), Ink::dim);
      break;
    }
    const bool entered = !f->honeypot && f->worst_success >= 5;
    page.line({{fmt::format(" {:<39} {:>7} {:>5}  {:<11}  {:<11}  {:>9}  ", to_string(f->source), format_count(f->failures),
                            f->users >= 16 ? std::string{"16+"} : std::to_string(f->users), short_time(f->first_seen),
                            short_time(f->last_seen), rate_of(*f))},
               {std::string{login_verdict(*f)}, entered ? Ink::red_bold : Ink::none}});
  }
  std::string tried;
  std::size_t n = 0;
  for (const auto& u : r.users) {
    if (u.service != service || n++ == 8) continue;
    tried += fmt::format("{}{} {}", tried.empty() ? "" : ", ", u.name.empty() ? std::string{"(empty)"} : escape_hostile(u.name, 40),
                         format_count(u.failures));
  }
  if (!tried.empty()) page.entry(1, 8, service == LogService::http ? "paths" : "users", Ink::dim, tried);
  if (decoy) page.entry(1, 8, "", Ink::none, "part of it at a decoy (Cowrie)", Ink::dim);
}

void firewall_table(TextPage& page, const LogsReport& r, std::size_t most) {
  if (r.scans.empty()) return;
  std::uint64_t lines = 0, marked = 0, marked_sources = 0, with_seq = 0;
  for (const auto& s : r.scans) lines += s.lines, marked += s.fingerprint, marked_sources += s.fingerprint > 0, with_seq += s.with_seq;
  page.blank();
  page.line({{fmt::format("firewall LOG lines   {} lines   {} source{}   {} SYNs with the Mirai mark from {} source{}", format_count(lines),
                          format_count(r.scans.size()), plural(r.scans.size()), format_count(marked), format_count(marked_sources),
                          plural(marked_sources)),
              Ink::bold}});
  if (with_seq == 0)
    page.entry(
        2, 0, "", Ink::none,
        "no line has a sequence number: add --log-tcp-sequence (iptables) or `log flags tcp sequence` (nft) to look for the Mirai mark",
        Ink::dim);
  page.line(
      {{fmt::format(" {:<39} {:>7} {:>6} {:>6}  {:<11}  {:<11}  {}", "source", "lines", "ports", "mark", "first", "last", "ports tried"),
        Ink::dim}});
  std::size_t shown = 0;
  for (const auto& s : r.scans) {
    if (most && shown++ == most) {
      page.entry(1, 0, "", Ink::none, fmt::format("and {} more sources (--top 0 shows all)", r.scans.size() - most), Ink::dim);
      break;
    }
    std::string ports;
    for (const auto& p : s.first_ports)
      if (p.lines) ports += fmt::format("{}{}", ports.empty() ? "" : " ", p.port);
    if (s.ports > 8) ports += " ...";
    page.line({{fmt::format(" {:<39} {:>7} {:>6} {:>6}  {:<11}  {:<11}  {}",
                            (s.direction == Direction::egress ? "from here: " : "") + to_string(s.source), format_count(s.lines), s.ports,
                            s.fingerprint, short_time(s.first_seen), short_time(s.last_seen), ports),
                s.direction == Direction::egress && s.fingerprint ? Ink::red_bold : Ink::none}});
  }
  page.entry(1, 0, "", Ink::none, "LOG lines are samples: rule counters give the volume. A SYN's source is unproven.", Ink::dim);
}

void what_was_read(TextPage& page, const LogsReport& r) {
  const LogTally& t = r.tally;
  page.blank();
  std::string inputs;
  std::size_t files = 0;
  for (const auto& i : r.inputs) {
    if (files++ < 4) inputs += fmt::format("{}{}", inputs.empty() ? "" : ", ", escape_hostile(i.name, 200));
  }
  if (files > 4) inputs += fmt::format(" and {} more", files - 4);
  std::string line = fmt::format("read {}: {} lines, {} of interest, {} unparsed", inputs, format_count(t.lines), format_count(t.events),
                                 format_count(t.unknown));
  if (t.odd) line += fmt::format(", {} suspicious (look forged) -> --show-odd", format_count(t.odd));
  page.entry(0, 2, "", Ink::none, line);
  const auto note = [&](std::string text) { page.entry(2, 2, "", Ink::none, text, Ink::dim); };
  if (t.first) note(fmt::format("from {} to {}", format_local(t.first), format_local(t.last)));
  if (t.outside) note(fmt::format("{} lines lie outside --since and --until", format_count(t.outside)));
  if (t.unnamed)
    note(fmt::format("{} failures name no certain source: hostile text, a host name, or none is written", format_count(t.unnamed)));
  if (t.clock_set_back)
    note(fmt::format("the lines' clock was set back {} time{}: windows began anew there", t.clock_set_back, plural(t.clock_set_back)));
  if (r.evictions)
    note(fmt::format("the tables were full {} times: the longest silent sources were given up, and sums are lower bounds",
                     format_count(r.evictions)));
  for (const auto& i : r.inputs) {
    const LineStats& s = i.stats;
    const std::string name = escape_hostile(i.name, 200);
    if (s.predecessors) note(fmt::format("{}: with {} rotated predecessor{}", name, s.predecessors, plural(s.predecessors)));
    if (s.too_long) note(fmt::format("{}: {} line{} longer than 1 MiB skipped", name, s.too_long, plural(s.too_long)));
    if (s.lost) note(fmt::format("{}: a gap: part of it was overwritten or removed before it was read", name));
    if (s.forged) note(fmt::format("{}: {} entries call themselves sshd or kernel, but others wrote them: not counted", name, s.forged));
    if (!s.trouble.empty()) note(escape_hostile(s.trouble, 400));
  }
  for (const auto& sentence : r.unreadable) note(sentence);
  if (r.interrupted) note("interrupted: this is what was read so far");
}

}  // namespace

std::string_view login_verdict(const LoginFact& f) {
  const bool own = is_private(f.source.base);
  if (!f.honeypot && f.worst_success >= 5) {
    if (f.key_login) return "failures, then a login by key";
    return own && f.users <= 1 ? "LOGGED IN after failures; a forgotten password?" : "LOGGED IN after failures (T1078)";
  }
  if (f.service == LogService::http)
    return f.peak_10min >= 20 ? "credential stuffing (T1110.004)" : f.peak_10min >= 10 ? "many login tries" : "few login tries";
  if (f.peak_10min >= 20) return "brute force (T1110.001)";
  if (f.peak_users >= 8) return "tries many users (T1110.003)";
  if (f.peak_10min >= 5) return own && f.users <= 1 ? "likely a forgotten password" : "password guessing (T1110.001)";
  if (f.failures >= 10) return "slow brute force (T1110.001)";
  return f.successes > 0 ? "mistyped" : "few failures";
}

std::string logs_text(const LogsReport& report, const TextStyle& style, std::size_t most) {
  TextPage page{style};
  login_table(page, report, LogService::ssh, "ssh brute force", "failures", most);
  login_table(page, report, LogService::telnet, "telnet brute force", "failures", most);
  login_table(page, report, LogService::http, "web logins", "tries", most);
  firewall_table(page, report, most);
  if (report.requests) {
    page.blank();
    page.line({{fmt::format("web requests   {}", format_count(report.requests)), Ink::bold}});
  }
  std::string out = page.take();
  const auto ordered = in_order_of_weight(report.incidents);
  unsigned number = 0;
  if (!ordered.empty()) out += "\n";
  for (const auto* incident : ordered) out += text_incident(*incident, style, ++number);
  TextPage end{style};
  if (ordered.empty())
    end.entry(0, 0, "", Ink::none, report.tally.events == 0 ? "nothing of interest was found in these logs" : "no incident", Ink::bold);
  what_was_read(end, report);
  out += end.take();
  return out;
}

std::string logs_csv(const LogsReport& report) {
  std::string out = "service,source,failures,users,successes,probes,peak_10min,first,last,decoy,looks_like\n";
  for (const auto& f : report.logins)
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", to_string(f.service), to_string(f.source), f.failures, f.users, f.successes,
                       f.probes, f.peak_10min, format_rfc3339(f.first_seen), format_rfc3339(f.last_seen), f.honeypot ? "yes" : "no",
                       csv_cell(login_verdict(f)));
  for (const auto& s : report.scans)
    out += fmt::format("firewall,{},{},,,,,{},{},no,{}\n", to_string(s.source), s.lines, format_rfc3339(s.first_seen),
                       format_rfc3339(s.last_seen), s.fingerprint ? "Mirai mark" : "scan");
  return out;
}

}  // namespace sekisho
