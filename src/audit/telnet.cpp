// Telnet: who listens, what would start it (inetd, xinetd, systemd sockets), what is installed.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

constexpr std::string_view kWhy =
    "Telnet sends passwords in the clear, and it is the door that bots of the Mirai family try first, on every address, many times a day.";
constexpr std::array<std::string_view, 5> kServices{"telnet", "telnets", "23", "2323", "992"};
constexpr std::array<std::string_view, 7> kPackages{"telnetd",      "telnetd-ssl",      "inetutils-telnetd", "utelnetd",
                                                    "krb5-telnetd", "mactelnet-server", "busybox-telnetd"};

bool is_service(std::string_view name) { return std::find(kServices.begin(), kServices.end(), name) != kServices.end(); }

void listeners(HostView& host, Findings& out, bool& found) {
  for (const auto& s : host.sockets()) {
    if (s.kind != SocketKind::tcp || s.state != kTcpListen || s.net_ns != 0 || (s.local_port != 23 && s.local_port != 2323)) continue;
    found = true;
    const auto& holders = host.holders(s.inode);
    const bool outside = !is_loopback(s.local);
    out.push_back({.key = describe(s),
                   .state = outside ? AuditState::high : AuditState::low,
                   .title = fmt::format("telnet port {} is listening{}", s.local_port, outside ? "" : " on this host alone"),
                   .evidence = {describe(s), describe_holders(host, s)},
                   .why = std::string{kWhy},
                   .fix = holders.empty() ? fmt::format("ss -ltnp 'sport = :{}'   # whose it is, then stop it", s.local_port)
                                          : stop_command(*holders.front()),
                   .undo = holders.empty() || holders.front()->unit.empty()
                               ? "start the program again"
                               : fmt::format("systemctl enable --now {}", shown(holders.front()->unit, 80))});
  }
}

// "telnet stream tcp nowait root /usr/sbin/tcpd in.telnetd"
void inetd(HostView& host, const std::string& path, Findings& out, bool& found) {
  const auto text = host.text(path);
  if (!text) return;
  for_each_line(*text, [&](int number, std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 6 || words[0].front() == '#') return;
    auto service = words[0].substr(words[0].rfind(':') + 1);  // "address:service"
    const bool telnetd = line.find("telnetd") != std::string_view::npos;
    if (!is_service(service) && !telnetd) return;
    found = true;
    out.push_back({.key = fmt::format("inetd {}:{}", path, shown(words[0], 40)),
                   .state = AuditState::high,
                   .title = fmt::format("inetd starts telnet for whoever connects ({})", path),
                   .evidence = {fmt::format("{}:{}: {}", path, number, shown(line))},
                   .why = std::string{kWhy},
                   .fix = fmt::format("sed -i.before-sekisho '{}s/^/#/' {} && systemctl reload-or-restart inetd", number, path),
                   .undo = fmt::format("mv {0}.before-sekisho {0} && systemctl reload-or-restart inetd", path)});
  });
}

// service telnet { disable = no … }
void xinetd(HostView& host, const std::string& path, Findings& out, bool& found) {
  const auto text = host.text(path);
  if (!text) return;
  std::string service;
  bool disabled = false;
  int begun = 0;
  for_each_line(*text, [&](int number, std::string_view line) {
    const auto words = words_of(line);
    if (words.empty() || words[0].front() == '#') return;
    if (words[0] == "service" && words.size() > 1) service = words[1], disabled = false, begun = number;
    if (words[0] == "disable" && words.size() > 2) disabled = words[2] == "yes";
    if (words[0] != "}") return;
    if (is_service(service) && !disabled) {
      found = true;
      out.push_back({.key = fmt::format("xinetd {}", shown(path)),
                     .state = AuditState::high,
                     .title = fmt::format("xinetd starts telnet for whoever connects ({})", shown(path)),
                     .evidence = {fmt::format("{}:{}: service {}, not disabled", shown(path), begun, shown(service, 40))},
                     .why = std::string{kWhy},
                     .fix = fmt::format("sed -i.before-sekisho '{0},/}}/{{/disable/d;s/}}/\\tdisable = yes\\n}}/}}' {1} && "
                                        "systemctl reload-or-restart xinetd",
                                        begun, shell_quoted(path)),
                     .undo = fmt::format("mv {0}.before-sekisho {0} && systemctl reload-or-restart xinetd", shell_quoted(path))});
    }
    service.clear();
  });
}

// ListenStream=23, 0.0.0.0:23, [::]:23
bool listens_on_telnet(std::string_view value) {
  value = trimmed(value);
  if (value.empty() || value.front() == '/' || value.front() == '@') return false;
  const auto port = value.substr(value.rfind(':') + 1);
  return port == "23" || port == "2323";
}

void systemd_sockets(HostView& host, Findings& out, bool& found) {
  for (const std::string folder :
       {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}) {
    if (folder.starts_with("/lib") && host.files().info("/lib").kind == FileKind::link) continue;  // the same as /usr/lib
    const auto entries = host.files().list(folder, 20'000);
    if (!entries.ok()) continue;
    for (const auto& entry : entries.value()) {
      if (!entry.path.ends_with(".socket")) continue;
      const auto text = host.text(entry.path);
      if (!text) continue;
      for_each_line(*text, [&](int number, std::string_view line) {
        line = trimmed(line);
        if (!line.starts_with("ListenStream") || !listens_on_telnet(line.substr(line.find('=') + 1))) return;
        const std::string unit{base_name(entry.path)};
        const bool enabled = host.files().info("/etc/systemd/system/sockets.target.wants/" + unit).kind != FileKind::missing;
        found = true;
        out.push_back({.key = fmt::format("systemd {}", shown(unit, 80)),
                       .state = enabled ? AuditState::high : AuditState::low,
                       .title = fmt::format("systemd's {} opens a telnet port {}", shown(unit, 80),
                                            enabled ? "at every start" : "when somebody starts it (it is not enabled)"),
                       .evidence = {fmt::format("{}:{}: {}", shown(entry.path), number, shown(line))},
                       .why = std::string{kWhy},
                       .fix = fmt::format("systemctl disable --now {0} && systemctl mask {0}", shell_quoted(unit)),
                       .undo = fmt::format("systemctl unmask {0} && systemctl enable --now {0}", shell_quoted(unit))});
      });
    }
  }
}

void packages(HostView& host, Findings& out, bool& found) {
  const auto status = host.files().read("/var/lib/dpkg/status", 64 << 20);
  if (!status.ok()) return;
  std::string package;
  for_each_line(status.value().text, [&](int, std::string_view line) {
    if (line.starts_with("Package: ")) package = line.substr(9);
    if (line != "Status: install ok installed") return;
    if (std::find(kPackages.begin(), kPackages.end(), std::string_view{package}) == kPackages.end()) return;
    found = true;
    out.push_back({.key = "package " + package,
                   .state = AuditState::low,
                   .title = fmt::format("the package {} is installed", package),
                   .evidence = {fmt::format("/var/lib/dpkg/status: {} install ok installed", package)},
                   .why = "A telnet server that is not there cannot be started by mistake.",
                   .fix = "apt-get purge " + package,
                   .undo = "apt-get install " + package});
  });
}

void run(HostView& host, Findings& out) {
  bool found = false;
  listeners(host, out, found);
  inetd(host, "/etc/inetd.conf", out, found);
  for (const std::string folder : {"/etc/inetd.d", "/etc/xinetd.d"}) {
    const auto entries = host.files().list(folder, 1000);
    if (!entries.ok()) continue;
    for (const auto& entry : entries.value()) (folder == "/etc/inetd.d" ? inetd : xinetd)(host, entry.path, out, found);
  }
  xinetd(host, "/etc/xinetd.conf", out, found);
  systemd_sockets(host, out, found);
  packages(host, out, found);
  if (!found)
    out.push_back({.key = "telnet",
                   .title = host.has_sockets() ? "no telnet: none listens, none would be started, none is installed"
                                               : "no telnet is configured or installed (an image has no listeners)"});
}

const Register<CheckSpec> reg{{"telnet", "telnet listeners, what would start telnet, and telnet packages", run}};

}  // namespace
}  // namespace sekisho
