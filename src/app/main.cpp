// The command line. CLI11 lives in this file alone: it costs seconds of compile time.
#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>

#include "app/agent.h"
#include "app/analyze.h"
#include "app/audit_command.h"
#include "app/config_command.h"
#include "app/contain_command.h"
#include "base/settings.h"

namespace {

using namespace sekisho;

constexpr std::string_view kCommands[] = {"agent", "analyze", "audit", "config", "contain", "version"};

// An unknown subcommand is wrong usage, with the nearest name.
int unknown_command(std::string_view given) {
  const auto near = nearest_name(given, kCommands);
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
  c->add_option("--interface", o.interfaces, "what to watch; may be repeated (default: the interfaces with a default route)")->expected(1);
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
  c->add_option("--only", o.only, "only these checks; may be repeated")->expected(1);
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
  ConfigCommand config;
  add_config(app, config);
  auto* version = app.add_subcommand("version", "The version");

  if (argc > 1 && argv[1][0] != '-' &&
      std::find(std::begin(kCommands), std::end(kCommands), std::string_view{argv[1]}) == std::end(kCommands))
    return unknown_command(argv[1]);
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
  if (app.got_subcommand("contain")) return run_contain(contain);
  if (app.got_subcommand("config")) return run_config(config);
  if (*version) {
    std::printf("sekisho %s\n", SEKISHO_VERSION);
    return 0;
  }
  std::fputs(app.help().c_str(), stdout);
  return 2;
}
