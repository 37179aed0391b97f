// The command line. CLI11 lives in this file alone: it costs seconds of compile time.
#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>

#include "app/agent.h"
#include "app/alert_command.h"
#include "app/analyze.h"
#include "app/audit_command.h"
#include "app/audit_log_command.h"
#include "app/block_command.h"
#include "app/bundle.h"
#include "app/config_command.h"
#include "app/contain_command.h"
#include "app/doctor_command.h"
#include "app/incidents_command.h"
#include "app/logs_command.h"
#include "app/query_command.h"
#include "app/rules_command.h"
#include "app/scanners_command.h"
#include "app/show_command.h"
#include "app/status_command.h"
#include "app/top_command.h"
#include "app/web_command.h"
#include "base/settings.h"

namespace {

using namespace sekisho;

// An unknown subcommand is wrong usage, with the nearest name.
int unknown_command(const CLI::App& app, std::string_view given) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(command->get_name());
  const std::vector<std::string_view> views{names.begin(), names.end()};
  const auto near = nearest_name(given, views);
  std::fprintf(stderr, "sekisho: unknown command '%.*s'%s%.*s%s\nTry: sekisho --help\n", static_cast<int>(given.size()), given.data(),
               near.empty() ? "" : "; did you mean '", static_cast<int>(near.size()), near.data(), near.empty() ? "" : "'?");
  return 2;
}

void add_analyze(CLI::App& app, AnalyzeOptions& o) {
  auto* c = app.add_subcommand("analyze", "Analyse capture files (pcap, pcapng; gzip, zstd, xz; folders; - for standard input)");
  c->add_option("FILE", o.paths, "capture files, folders, or - for standard input")->required();
  c->add_option("--local", o.local, "the guarded host's addresses or networks (CIDR, comma-separated); inferred when not given");
  c->add_option("--public", o.publics, "the host's public addresses when it sits behind NAT");
  c->add_flag("--json", o.json, "one JSON document on standard output");
  c->add_option("--html", o.html, "also write one self-contained page to this file");
  c->add_option("--eve", o.eve, "also write Suricata EVE JSON lines to this file (- for standard output)");
  c->add_option("--evidence", o.evidence, "write one PCAP for each incident into this folder");
  c->add_option_function<std::string>(
       "--fail-on", [&o](const std::string& text) { o.fail_on.emplace(), parse_severity(text, *o.fail_on); },
       "exit with 1 when an incident is at or above: info low medium high critical (default: medium)")
      ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}));
  c->add_option("--jobs", o.jobs, "threads: 1, 2, 4, 8 or 16 (default: one for each processor, at most 4)")->check(CLI::Range(1, 64));
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  c->add_option_function<std::string>(
       "--color", [&o](const std::string& text) { parse_color_choice(text, o.color); }, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  c->add_flag("-q,--quiet", o.quiet, "no progress on standard error");
  c->add_flag("-v,--verbose", o.verbose, "every incident in full");
}

void add_agent(CLI::App& app, AgentOptions& o) {
  auto* c = app.add_subcommand("agent", "Watch this machine's interfaces and report incidents as they happen (as root; Ctrl-C stops)");
  c->add_option("--interface", o.interfaces, "what to watch; may be repeated (default: the interfaces with a default route)")
      ->allow_extra_args(false);
  c->add_option("--local", o.local,
                "the guarded host's addresses or networks (CIDR, comma-separated; default: all addresses of this machine)");
  c->add_option("--public", o.publics, "the host's public addresses when it sits behind NAT");
  c->add_flag("--json", o.json, "one JSON object a line on standard output");
  c->add_option("--evidence", o.evidence, "write one PCAP for each incident into this folder");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  c->add_option_function<std::string>(
       "--color", [&o](const std::string& text) { parse_color_choice(text, o.color); }, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_audit(CLI::App& app, AuditCommand& o) {
  auto* c = app.add_subcommand("audit", "Is this host open to bots, and does it show traces of one? (as root; changes nothing)");
  c->add_option("--root", o.root, "audit a mounted image or a folder instead of the running system");
  c->add_flag("--json", o.json, "one JSON document on standard output");
  c->add_option("--fail-on", o.fail_on, "exit with 1 when a finding is at or above: info low medium high critical (default: medium)")
      ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}));
  c->add_flag("--with-scanners", o.with_scanners, "also run chkrootkit and rkhunter, when they are installed (minutes)");
  c->add_flag("--since-last", o.since_last, "show only what changed since the last audit");
  c->add_option("--only", o.only, "only these checks; may be repeated")->allow_extra_args(false);
  c->add_option("--state", o.state, "where the notes of the last audit are kept (default: /var/lib/sekisho/audit.json)");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  c->add_option_function<std::string>(
       "--color", [&o](const std::string& text) { parse_color_choice(text, o.color); }, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  c->add_flag("-v,--verbose", o.verbose, "also what is good, and everything about small things");
}

void add_contain(CLI::App& app, ContainCommand& o) {
  auto* c = app.add_subcommand("contain", "Drop what a unit, cgroup, user or this whole host sends, for a time (as root)");
  c->require_subcommand(0, 1);
  c->add_option("--unit", o.unit, "a running systemd unit: x.service");
  c->add_option("--cgroup", o.cgroup, "a cgroup: /system.slice/x.service");
  c->add_option("--uid", o.uid, "everything that this user's processes send");
  c->add_flag("--host", o.host, "everything that this host sends and forwards, but to management");
  c->add_option("--allow", o.allow, "stays reachable (CIDR, comma-separated; may be repeated); this SSH session always does");
  c->add_option("--for", o.duration, "for how long: 30m, 1h, 2d; then the kernel ends it");
  c->add_flag("--dry-run", o.dry_run, "show what would be done and the rules; change nothing");
  c->add_flag("--yes", o.yes, "do not ask");
  c->add_flag("--json", o.json, "as JSON");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  for (const auto& [name, help] : {std::pair{"list", "what is contained, for how long still, and what was dropped"},
                                   {"confirm", "keep a containment beyond its trial: from a new connection"},
                                   {"release", "end a containment now"}}) {
    auto* action = c->add_subcommand(name, help);
    action->parse_complete_callback([&o, name = std::string{name}] { o.action = name; });
    if (std::string_view{name} == "list")
      action->add_flag("--json", o.json, "as JSON");
    else
      action->add_option("ID", o.id, "c-7K3F2Q, as list shows it")->required();
    action->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  }
}

void add_block(CLI::App& app, BlockCommand& o) {
  auto* c = app.add_subcommand("block", "The block list: add, del, list, why, flush, import, export, panic, resume, confirm");
  c->require_subcommand(1);
  for (const auto& [name, help] : {std::pair{"add", "block an address or network for a time (as root)"},
                                   {"del", "take it, and what lies within it, out of the list"},
                                   {"list", "what is blocked or suggested, what is never blocked, and what was refused"},
                                   {"why", "what is known of an address, and whether it would be blocked"},
                                   {"flush", "empty the list"},
                                   {"import", "add the addresses of a file: plain, ipset's or nft's form"},
                                   {"export", "the list for other firewalls"},
                                   {"panic", "remove everything at once; nothing is blocked by itself until resume"},
                                   {"resume", "after panic: blocking by itself goes on"},
                                   {"confirm", "keep mode on beyond its trial: from a new connection"}}) {
    auto* action = c->add_subcommand(name, help);
    action->parse_complete_callback([&o, name = std::string{name}] { o.action = name; });
    const std::string_view which{name};
    if (which == "add" || which == "del")
      action->add_option("NETWORK", o.networks, "203.0.113.5, 203.0.113.0/24, 2001:db8::/64")->required();
    if (which == "why") action->add_option("NETWORK", o.networks, "an address or network")->required()->expected(1);
    if (which == "import") action->add_option("FILE", o.file, "the file, or - for standard input")->required();
    if (which == "add" || which == "import") {
      action->add_option("--for", o.duration, "for how long: 30m, 1h, 7d (default: 1 h, then 6 h, 24 h, 7 d for who returns)");
      action->add_option("--reason", o.reason, "why, for the record");
    }
    if (which == "list")
      action->add_option("--limit", o.limit, "at most so many entries")->check(CLI::Range(1, 100'000))->capture_default_str();
    if (which == "export")
      action->add_option("--format", o.format, "plain, ipset, nft or json")
          ->check(CLI::IsMember({"plain", "ipset", "nft", "json"}))
          ->capture_default_str();
    if (which == "flush") action->add_flag("--yes", o.yes, "do not ask");
    if (which == "add" || which == "del" || which == "list" || which == "why") action->add_flag("--json", o.json, "as JSON");
    action->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  }
}

void add_rules(CLI::App& app, RulesCommand& o) {
  auto* c = app.add_subcommand("rules", "Firewall rules that count, log and remember scans: print, install, confirm, remove, status");
  c->require_subcommand(1);
  for (const auto& [name, help] : {std::pair{"print", "the rules as text"},
                                   {"install", "install them in a table of their own, on trial (as root)"},
                                   {"confirm", "keep them beyond their trial: from a new connection"},
                                   {"remove", "remove their table"},
                                   {"status", "are they installed, and what they counted"}}) {
    auto* action = c->add_subcommand(name, help);
    action->parse_complete_callback([&o, name = std::string{name}] { o.action = name; });
    const std::string_view which{name};
    if (which == "print")
      action->add_option("--format", o.format, "nft, iptables or ipset")
          ->check(CLI::IsMember({"nft", "iptables", "ipset"}))
          ->capture_default_str();
    if (which == "print" || which == "install")
      action->add_option("--port", o.ports, "ports instead of [response] ports; may be repeated")
          ->allow_extra_args(false)
          ->check(CLI::Range(1, 65'535));
    if (which == "install") action->add_flag("--yes", o.yes, "do not ask");
    if (which == "status") action->add_flag("--json", o.json, "as JSON");
    if (which == "status") action->add_option("--since", o.since, "also what was counted since then, by minute: 1h, yesterday");
    action->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  }
}

void add_config(CLI::App& app, ConfigCommand& o) {
  auto* c = app.add_subcommand("config", "The configuration: defaults, check, show, explain KEY");
  c->require_subcommand(1);
  for (const auto& [name, help] : {std::pair{"defaults", "every setting with its help and range, as a valid file"},
                                   {"check", "is the file right?"},
                                   {"show", "what holds, and where each value comes from"},
                                   {"explain", "one setting or section"}}) {
    auto* action = c->add_subcommand(name, help);
    action->parse_complete_callback([&o, name = std::string{name}] { o.action = name; });
    if (std::string_view{name} == "explain")
      action->add_option("KEY", o.key, "detect.syn_flood.floor_pps, or a section");
    else if (std::string_view{name} == "check")
      action->add_option("FILE", o.file, "the file to check");
    action->add_option("--config", o.file, "configuration file (default: /etc/sekisho/sekisho.toml)");
    action->add_flag("--json", o.json, "as JSON");
  }
}

void add_web(CLI::App& app, WebCommand& o) {
  auto* c = app.add_subcommand("web", "The dashboard and its REST interface (Ctrl-C stops); web token: who may see it");
  c->add_option("--listen", o.listen, "address and port (default: 127.0.0.1:8470)");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  c->require_subcommand(0, 1);
  auto* token = c->add_subcommand("token", "Tokens to sign in with: new, list, revoke");
  token->require_subcommand(1);
  for (const auto& [name, help] :
       {std::pair{"new", "make one: it is shown this once"}, {"list", "names and roles"}, {"revoke", "take one back"}}) {
    auto* action = token->add_subcommand(name, help);
    action->parse_complete_callback([&o, name = std::string{name}] { o.token_action = name; });
    const bool is_new = std::string_view{name} == "new";
    if (is_new)
      action->add_option("--role", o.role, "viewer, operator or admin")->check(CLI::IsMember({"viewer", "operator", "admin"}))->required();
    if (is_new) action->add_option("--name", o.name, "what it is called (default: the role and a number)");
    if (std::string_view{name} == "revoke") action->add_option("NAME", o.name, "the token's name")->required();
    if (std::string_view{name} != "revoke") action->add_flag("--json", o.json, "as JSON");
    action->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  }
}

void add_color(CLI::App* c, ColorChoice& color) {
  c->add_option_function<std::string>(
       "--color", [&color](const std::string& text) { parse_color_choice(text, color); }, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

// What every reading command has. `range`: it reads history.
void add_read_options(CLI::App* c, ReadOptions& o, bool range) {
  if (range) {
    c->add_option("--since", o.since, "from when: 10m, 2h, 7d, yesterday, '1 hour ago', 02:15, RFC 3339, @1795313643");
    c->add_option("--until", o.until, "up to when, in the same forms (default: now)");
  }
  c->add_flag("--json", o.json, "as JSON");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  c->add_flag("-q,--quiet", o.quiet, "no remarks on standard error");
}

void add_incidents(CLI::App& app, IncidentsCommand& o) {
  auto* c = app.add_subcommand("incidents", "What was found, newest first (default: of the last 7 days)");
  add_read_options(c, o.read, true);
  c->add_flag("-f,--follow", o.follow, "what is found from now on, a line each; with --json one object a line");
  c->add_flag("--open", o.open, "only those that go on");
  c->add_option("--kind", o.kind, "flood scan c2 bruteforce reflector backscatter exposure");
  c->add_option("--direction", o.direction, "ingress or egress")->check(CLI::IsMember({"ingress", "egress"}));
  c->add_option("--label", o.label, "a label of docs/labels.md");
  c->add_option("--subject", o.subject, "a local address");
  c->add_option("--severity", o.severity, "the lowest: info low medium high critical")
      ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}));
  c->add_option("--limit", o.limit, "at most so many")->check(CLI::Range(1, 100'000))->capture_default_str();
  add_color(c, o.color);
}

void add_show(CLI::App& app, ShowCommand& o) {
  auto* c = app.add_subcommand("show", "Everything about one incident or address: sekisho show i-20261122-7K3F, sekisho show 198.51.100.7");
  c->add_option("ID", o.id,
                "an incident's id, short form, or the end of either; or an address or network: its timeline of the last 30 days")
      ->required();
  c->add_option("--bundle", o.bundle, "write FILE.tar.zst: packets, process, executable, sockets, rules, timeline, with a hash of each");
  c->add_flag("--abuse-reply", o.abuse_reply, "a reply to a provider's complaint, to be pasted");
  add_read_options(c, o.read, true);
  add_color(c, o.color);
}

struct BundleCommand {
  std::string file;
  bool json = false;
};
void add_bundle(CLI::App& app, BundleCommand& o) {
  auto* c = app.add_subcommand("bundle", "Bundles of incidents (sekisho show ID --bundle FILE): verify");
  c->require_subcommand(1);
  auto* verify = c->add_subcommand("verify", "is everything in it as it was kept?");
  verify->add_option("FILE", o.file, "the bundle")->required();
  verify->add_flag("--json", o.json, "as JSON");
}

void add_scanners(CLI::App& app, ScannersCommand& o) {
  auto* c = app.add_subcommand("scanners", "Who scanned this host, and which ports (default: in the last 24 hours)");
  add_read_options(c, o.read, true);
  c->add_option("--port", o.port, "hits on this local port only");
  c->add_option("--label", o.label, "scans that look like this label only: mirai_scan, zmap_scan, …");
  c->add_option("--source", o.source, "of this address only");
  c->add_option("--top", o.top, "at most so many lines")->check(CLI::Range(1, 100'000))->capture_default_str();
  c->add_flag("--csv", o.csv, "as comma-separated values");
}

void add_query(CLI::App& app, QueryCommand& o) {
  auto* c = app.add_subcommand("query", "Questions about the history: sekisho query scans where port = 23 since 7d group by source top 20");
  c->add_option(
      "QUESTION", o.words,
      "a table (scans, logins, blocks, incidents, ports, traffic, classes), then where, since, group by, top, over: docs/query.md; "
      "'traffic' (the default) and 'classes' alone: a series of the last hour");
  c->add_option("--sql", o.sql, "a SELECT on the store's own tables instead; it can only read");
  c->add_option("--timeout", o.timeout_s, "of --sql, in seconds")->check(CLI::Range(1, 3600))->capture_default_str();
  add_read_options(c, o.read, true);
  c->add_option("--step", o.step, "length of a row: 1s, 10s, 1m, 1h (default: for about 60 rows; for JSON and CSV the finest)");
  c->add_option("--direction", o.direction, "ingress or egress only")->check(CLI::IsMember({"ingress", "egress"}));
  c->add_option("--class", o.traffic_class, "this traffic class only: tcp_syn, udp, …");
  c->add_flag("--csv", o.csv, "as comma-separated values");
}

void add_status(CLI::App& app, StatusCommand& o) {
  auto* c = app.add_subcommand("status", "Is this host attacked, is the agent well, what needs doing");
  c->add_flag("--baseline", o.baseline, "also what is normal here, and from where on it is not");
  add_read_options(c, o.read, false);
  add_color(c, o.color);
}

void add_top(CLI::App& app, TopCommand& o) {
  auto* c = app.add_subcommand("top", "What happens now, second by second");
  c->add_option("--seconds", o.seconds, "ends after so many");
  add_read_options(c, o.read, false);
  add_color(c, o.color);
}

void add_doctor(CLI::App& app, DoctorCommand& o) {
  auto* c = app.add_subcommand("doctor", "Does this machine have what the agent needs; what to do where it has not");
  add_read_options(c, o.read, false);
  add_color(c, o.color);
}

void add_logs(CLI::App& app, LogsOptions& o) {
  auto* c = app.add_subcommand("logs", "Failed logins, firewall lines and web floods in logs: failures per source, and incidents");
  c->add_option(
      "FILE", o.names,
      "log files (also .gz .xz .zst), - for standard input, ulogd:FILE or ulogd:postgresql://... for ulogd2, journal:FOLDER, /dev/kmsg; "
      "default: the journal or syslog's files, and web servers' access logs");
  c->add_flag("--journal", o.journal, "this machine's systemd journal");
  c->add_option("--since", o.since, "only lines from this time on: 2h, '1 hour ago', yesterday, 2026-11-22 02:14, @epoch");
  c->add_option("--until", o.until, "only lines until this time");
  c->add_flag("--follow,-f", o.follow, "go on with what is written from now on (with --since: from then on), through rotations");
  c->add_flag("--rotated", o.predecessors, "of each FILE also its rotated predecessors (FILE.1, FILE.2.gz, ...)");
  c->add_option("--state", o.state, "remember in this file how far was read, and go on from there the next time");
  c->add_option("--year", o.year, "year of the first line, where lines have none (default: the latest that fits the file's age)")
      ->check(CLI::Range(1970, 2261));
  c->add_option("--public", o.publics, "this host's public addresses when it sits behind NAT: what scanners aim at");
  c->add_flag("--test", o.test, "which rule took each line, and which lines none");
  c->add_flag("--show-odd", o.show_odd, "only the lines that look forged");
  c->add_option("--top", o.top, "so many sources a table; 0: all (default: 20)")->check(CLI::Range(0, 1'000'000));
  auto* json = c->add_flag("--json", o.json, "one JSON document on standard output (--test, --follow: one object a line)");
  auto* jsonl = c->add_flag("--jsonl", o.jsonl, "one JSON object a line: each change of an incident")->excludes(json);
  c->add_flag("--csv", o.csv, "the table of sources as CSV")->excludes(json)->excludes(jsonl);
  c->add_option_function<std::string>(
       "--fail-on", [&o](const std::string& text) { o.fail_on.emplace(), parse_severity(text, *o.fail_on); },
       "exit with 1 when an incident is at or above: info low medium high critical (default: medium)")
      ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}));
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  c->add_option_function<std::string>(
       "--color", [&o](const std::string& text) { parse_color_choice(text, o.color); }, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  c->add_flag("-q,--quiet", o.quiet, "no remarks on standard error");
}

void add_alert(CLI::App& app, AlertCommand& o) {
  auto* c = app.add_subcommand("alert", "The channels that alerts go to: list them, test one");
  c->require_subcommand(1);
  auto* list = c->add_subcommand("list", "the channels, and what each is told");
  auto* test = c->add_subcommand("test", "send an example to a channel");
  for (auto* action : {list, test}) {
    action->parse_complete_callback([&o, name = action->get_name()] { o.action = name; });
    action->add_flag("--json", o.json, "as JSON");
    action->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  }
  test->add_option("CHANNEL", o.channel, "NAME of [alert.NAME]")->required();
  test->add_flag("--dry-run", o.dry_run, "only show what would be sent, without its secrets");
  test->add_option("--event", o.event, "test opened worse update reminder acknowledged resolved digest overflow")->capture_default_str();
}

void add_ack(CLI::App& app, AckCommand& o) {
  auto* c = app.add_subcommand("ack", "Acknowledge an incident: no reminders, no escalation: sekisho ack i-20261122-7K3F");
  c->add_option("ID", o.id, "its id, short form, or the end of either")->required();
  c->add_flag("--json", o.json, "as JSON");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
}

void add_silence(CLI::App& app, SilenceCommand& o) {
  auto* c = app.add_subcommand("silence", "No alerts for a time; what still goes on then is told: sekisho silence --for 2h");
  c->add_option("--for", o.duration, "how long: 30m, 2h, 1d");
  c->add_option("--kind", o.kind, "only flood scan c2 bruteforce reflector backscatter exposure")
      ->check(CLI::IsMember({"flood", "scan", "c2", "bruteforce", "reflector", "backscatter", "exposure"}));
  c->add_option("--direction", o.direction, "only ingress or egress")->check(CLI::IsMember({"ingress", "egress"}));
  c->add_option("--label", o.label, "only this label of docs/labels.md");
  c->add_option("--subject", o.subject, "only this local address");
  c->add_option("--channel", o.channel, "only this channel");
  c->add_flag("--list", o.list, "what is silenced");
  c->add_option("--end", o.end, "end a silence: its id");
  c->add_flag("--json", o.json, "as JSON");
  c->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
}

void add_audit_log(CLI::App& app, AuditLogCommand& o) {
  auto* c = app.add_subcommand("audit-log", "Who changed what: list it, verify that nothing was taken out or altered");
  c->require_subcommand(1);
  auto* verify = c->add_subcommand("verify", "walk its chain of hashes; exit status 1 when it is broken");
  auto* list = c->add_subcommand("list", "the newest entries");
  for (auto* action : {verify, list}) {
    action->parse_complete_callback([&o, name = action->get_name()] { o.action = name; });
    action->add_flag("--json", o.json, "as JSON");
    action->add_option("--config", o.config, "configuration file (default: /etc/sekisho/sekisho.toml)");
  }
  verify->add_option("--head", o.head, "NUMBER:HASH of an earlier verify: that entry must still be there");
  list->add_option("--limit", o.limit, "at most so many")->check(CLI::Range(1, 100'000))->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  CLI::App app{"Sekisho tells whether this server is attacked, scanned, or taking part in an attack.", "sekisho"};
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string{"sekisho "} + SEKISHO_VERSION);
  AnalyzeOptions analyze;
  add_analyze(app, analyze);
  AgentOptions agent;
  add_agent(app, agent);
  AuditCommand audit;
  add_audit(app, audit);
  ContainCommand contain;
  add_contain(app, contain);
  BlockCommand block;
  add_block(app, block);
  RulesCommand rules;
  add_rules(app, rules);
  ConfigCommand config;
  add_config(app, config);
  WebCommand web;
  add_web(app, web);
  IncidentsCommand incidents;
  add_incidents(app, incidents);
  ShowCommand show;
  add_show(app, show);
  BundleCommand bundle;
  add_bundle(app, bundle);
  ScannersCommand scanners;
  add_scanners(app, scanners);
  QueryCommand query;
  add_query(app, query);
  StatusCommand status;
  add_status(app, status);
  TopCommand top;
  add_top(app, top);
  DoctorCommand doctor;
  add_doctor(app, doctor);
  LogsOptions logs;
  add_logs(app, logs);
  AlertCommand alert;
  add_alert(app, alert);
  AckCommand ack;
  add_ack(app, ack);
  SilenceCommand silence;
  add_silence(app, silence);
  AuditLogCommand audit_log;
  add_audit_log(app, audit_log);
  auto* version = app.add_subcommand("version", "The version");

  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands([&](CLI::App* c) { return c->get_name() == argv[1]; }).empty())
    return unknown_command(app, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "sekisho: %s\nTry: sekisho%s%s --help\n", e.what(), argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    return 2;
  }
  if (app.got_subcommand("agent")) return run_agent(agent);
  if (app.got_subcommand("analyze")) return run_analyze(analyze);
  if (app.got_subcommand("audit")) return run_audit_command(audit);
  if (app.got_subcommand("block")) return run_block(block);
  if (app.got_subcommand("rules")) return run_rules(rules);
  if (app.got_subcommand("contain")) return run_contain(contain);
  if (app.got_subcommand("config")) return run_config(config);
  if (app.got_subcommand("web")) return run_web(web);
  if (app.got_subcommand("incidents")) return run_incidents(incidents);
  if (app.got_subcommand("show")) return run_show(show);
  if (app.got_subcommand("bundle")) return run_bundle_verify(bundle.file, bundle.json);
  if (app.got_subcommand("scanners")) return run_scanners(scanners);
  if (app.got_subcommand("query")) return run_query(query);
  if (app.got_subcommand("status")) return run_status(status);
  if (app.got_subcommand("top")) return run_top(top);
  if (app.got_subcommand("doctor")) return run_doctor(doctor);
  if (app.got_subcommand("logs")) return run_logs(logs);
  if (app.got_subcommand("alert")) return run_alert(alert);
  if (app.got_subcommand("ack")) return run_ack(ack);
  if (app.got_subcommand("silence")) return run_silence(silence);
  if (app.got_subcommand("audit-log")) return run_audit_log(audit_log);
  if (*version) {
    std::printf("sekisho %s\n", SEKISHO_VERSION);
    return 0;
  }
  std::fputs(app.help().c_str(), stdout);
  return 2;
}
