// sshd: what really holds for root and for a plain user, for every sshd that listens.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/sshd_config.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

struct Instance {
  std::string file = "/etc/ssh/sshd_config";
  std::string program = "/usr/sbin/sshd";
  std::vector<std::string> options;  // -o and -p as it was started with
  std::vector<HostSocket> sockets;
  std::string name;     // for people
  bool outside = true;  // reachable beyond this host
};

// The program tells, not the name that a process gave itself; and a server that lets others in is root's.
bool is_sshd(const Process& p, bool live) {
  if (live ? p.uid != 0 : p.uid > 0) return false;
  return p.exe.empty() ? p.comm == "sshd" : base_name(p.exe) == "sshd";
}

// What is started with the rights of the audit is none but these, whatever a process runs from.
const std::vector<std::string>& known_programs() {
  static const std::vector<std::string> all{"/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd", "/usr/local/bin/sshd"};
  return all;
}

// A file that a stranger could have written is read, never handed to a program.
bool is_roots(HostView& host, const std::string& file) {
  const auto info = host.files().followed_info(file);
  return info.kind == FileKind::regular && info.uid == 0 && !(info.mode & 0022);
}

// sshd writes over its arguments: "sshd: /usr/sbin/sshd -D -f /x [listener] 0 of 10-100 startups".
void read_options(const Process& p, Instance& instance) {
  std::vector<std::string> words;
  if (p.args.size() == 1)
    for (const auto word : words_of(p.args[0])) words.emplace_back(word);
  else
    words = p.args;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "[listener]") break;
    const bool more = i + 1 < words.size();
    // "-f FILE" and "-fFILE" are the same, so are "-o X" and "-oX".
    for (const std::string_view option : {"-f", "-o", "-p"}) {
      if (!words[i].starts_with(option) || (words[i] == option && !more)) continue;
      auto value = words[i] == option ? words[++i] : words[i].substr(2);
      if (option == "-f")
        instance.file = std::move(value);
      else
        instance.options.emplace_back(option), instance.options.push_back(std::move(value));
      break;
    }
  }
}

std::vector<Instance> instances(HostView& host) {
  std::vector<Instance> found;
  std::map<std::int64_t, std::size_t> by_pid;
  for (const auto& s : host.sockets()) {
    if (s.kind != SocketKind::tcp || s.state != kTcpListen || s.net_ns != 0) continue;
    for (const auto* p : host.holders(s.inode)) {
      if (!is_sshd(*p, host.live())) continue;
      const auto [at, fresh] = by_pid.emplace(p->pid, found.size());
      if (fresh) {
        Instance instance;
        read_options(*p, instance);
        const auto& known = known_programs();
        if (std::find(known.begin(), known.end(), p->exe) != known.end()) instance.program = p->exe;
        instance.name = fmt::format("sshd (pid {}, {})", p->pid, shown(instance.file));
        instance.outside = false;
        found.push_back(std::move(instance));
      }
      found[at->second].sockets.push_back(s);
      found[at->second].outside |= !is_loopback(s.local);
    }
  }
  // Where systemd holds the socket, or nothing listens, the file itself is judged.
  const bool judged = std::any_of(found.begin(), found.end(), [](const Instance& i) { return i.file == "/etc/ssh/sshd_config"; });
  if (!judged && host.files().exists("/etc/ssh/sshd_config")) {
    Instance configured;
    configured.name = "sshd (/etc/ssh/sshd_config, not seen listening)";
    found.push_back(std::move(configured));
  }
  return found;
}

std::vector<std::string> groups_of(HostView& host, const User& user) {
  std::vector<std::string> groups;
  const auto text = host.text("/etc/group").value_or("");
  for_each_line(text, [&](int, std::string_view line) {  // name:x:gid:a,b
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1), third = line.find(':', second + 1);
    if (first == std::string_view::npos || second == std::string_view::npos || third == std::string_view::npos) return;
    std::int64_t gid = -1;
    std::from_chars(line.data() + second + 1, line.data() + third, gid);
    const auto members = "," + std::string{line.substr(third + 1)} + ",";
    if (gid == user.gid || members.find("," + user.name + ",") != std::string::npos) groups.emplace_back(line.substr(0, first));
  });
  return groups;
}

SshdSettings settings_of(HostView& host, const Instance& instance, const User& user, std::string& how) {
  SshdVisitor visitor;
  visitor.user = user.name;
  visitor.groups = groups_of(host, user);
  if (!instance.sockets.empty()) {
    visitor.local_port = instance.sockets.front().local_port;
    visitor.local_address = to_string(instance.sockets.front().local);
  }
  // sshd itself knows best; it is asked only when it is root's own program in a place for programs.
  std::vector<std::string> args{"-T", "-f", instance.file, "-C",
                                fmt::format("user={},host={},addr={},laddr={},lport={}", user.name, visitor.host, visitor.address,
                                            visitor.local_address.empty() ? "198.51.100.2" : visitor.local_address, visitor.local_port)};
  args.insert(args.end(), instance.options.begin(), instance.options.end());
  if (host.live() && !is_roots(host, instance.file)) {
    how = "its files, since " + shown(instance.file, 200) + " is not only root's to change";
  } else if (host.live()) {
    const auto run = host.run({instance.program}, args, std::chrono::seconds{5});
    if (run.ok() && run.value().status == 0) {
      how = "sshd -T -C user=" + shown(user.name, 40);
      return parse_sshd_test(run.value().out);
    }
    how = run.ok() ? "its files, since sshd -T failed: " + shown(run.value().err, 120) : "its files, since " + run.error().message;
  } else {
    how = "its files";
  }
  return parse_sshd_config(
      instance.file, visitor, [&](const std::string& path) { return host.text(path); },
      [&](const std::string& pattern) {
        std::vector<std::string> files;
        const auto slash = pattern.rfind('/');
        const auto folder = pattern.substr(0, slash), name = pattern.substr(slash + 1);
        if (const auto entries = host.files().list(folder, 1000); entries.ok())
          for (const auto& entry : entries.value())
            if (matches_glob(name, base_name(entry.path))) files.push_back(entry.path);
        return files;
      });
}

// The key methods alone, or a key with something else: then a guessed password opens nothing.
bool password_suffices(const SshdSettings& s) {
  const auto methods = sshd_value(s, "authenticationmethods");
  if (methods.empty() || methods == "any") return true;
  for (const auto list : words_of(methods))
    if (list.find("publickey") == std::string_view::npos) return true;
  return false;
}

struct Judge {
  const Instance& instance;
  const SshdSettings& settings;
  const User& user;
  const std::string& how;
  Findings& out;
  bool found = false;

  void add(AuditState state, const std::string& keyword, const std::string& written, std::string title, std::string why,
           const std::string& better) {
    found = true;
    if (!instance.outside && state > AuditState::low) state = AuditState::low;
    const auto file = "/etc/ssh/sshd_config.d/00-sekisho.conf";
    const bool standard = instance.file == "/etc/ssh/sshd_config";
    out.push_back(
        {.key = fmt::format("{} {} {}", shown(instance.file), written, shown(user.name, 40)),
         .state = state,
         .title = std::move(title),
         .evidence = {fmt::format("{}: {} {} ({}; asked: {})", instance.name, written, sshd_value(settings, keyword),
                                  sshd_place(settings, keyword), how)},
         .why = std::move(why),
         .fix = standard
                    ? fmt::format("printf '%s\\n' '{} {}' >>{} && sshd -t && systemctl reload ssh   # keep this session open meanwhile",
                                  written, better, file)
                    : fmt::format("sed -i.before-sekisho '1i {} {}' {} && sshd -t -f {}   # then reload this sshd", written, better,
                                  shell_quoted(instance.file), shell_quoted(instance.file)),
         .undo = standard ? fmt::format("sed -i '/^{} /d' {} && systemctl reload ssh", written, file)
                          : fmt::format("mv {0}.before-sekisho {0}", shell_quoted(instance.file))});
  }

  void judge() {
    const auto value = [&](const char* keyword) { return sshd_value(settings, keyword); };
    const bool root = user.uid == 0;
    const auto permit = value("permitrootlogin");
    const bool may_password = !root || permit == "yes";
    const bool suffices = password_suffices(settings) && may_password;
    const std::string who = root ? "root" : "a plain user (" + shown(user.name, 40) + ")";
    constexpr const char* why = "Passwords are guessed by bots all day; keys are not.";
    if (value("permitemptypasswords") == "yes" && suffices && value("passwordauthentication") == "yes")
      add(AuditState::critical, "permitemptypasswords", "PermitEmptyPasswords", "sshd lets " + who + " in without a password",
          "An account with an empty password is open to everybody.", "no");
    if (value("passwordauthentication") == "yes" && suffices)
      add(root ? AuditState::high : AuditState::medium, "passwordauthentication", "PasswordAuthentication",
          "sshd takes passwords for " + who, why, "no");
    if (value("kbdinteractiveauthentication") == "yes" && suffices && value("usepam") == "yes")
      add(root ? AuditState::high : AuditState::medium, "kbdinteractiveauthentication", "KbdInteractiveAuthentication",
          "sshd asks " + who + " for a password by keyboard-interactive (PAM)", why, "no");
    if (root && permit == "yes")
      add(AuditState::low, "permitrootlogin", "PermitRootLogin", "sshd lets root log in directly",
          "Bots try root first; a name of its own for each administrator also tells who it was.", "prohibit-password");
    int tries = 6;
    const auto text = value("maxauthtries");
    std::from_chars(text.data(), text.data() + text.size(), tries);
    if (tries > 6)
      add(AuditState::low, "maxauthtries", "MaxAuthTries", fmt::format("sshd allows {} tries a connection", tries),
          "More tries a connection make guessing cheaper.", "4");
  }
};

void run(HostView& host, Findings& out) {
  const auto all = instances(host);
  if (all.empty()) {
    out.push_back({.key = "sshd", .title = "no sshd listens and none is configured"});
    return;
  }
  const auto& users = host.users();
  User root{"root", "/root", "/bin/sh", 0, 0};
  User plain{"nobody", "/nonexistent", "/usr/sbin/nologin", 65534, 65534};
  const auto person = std::find_if(users.begin(), users.end(), [](const User& u) {
    return u.uid >= 1000 && u.uid < 60'000 && !u.shell.ends_with("nologin") && !u.shell.ends_with("false");
  });
  if (person != users.end()) plain = *person;
  for (const auto& instance : all) {
    bool found = false;
    std::string how, ports;
    for (const auto& s : instance.sockets) ports += fmt::format("{}{}", ports.empty() ? "" : ", ", describe(s));
    for (const auto& user : {root, plain}) {
      const auto settings = settings_of(host, instance, user, how);
      Judge judge{instance, settings, user, how, out};
      judge.judge();
      found |= judge.found;
      for (const auto& doubt : settings.not_understood)
        out.push_back({.key = fmt::format("{} {} {}", shown(instance.file), doubt, shown(user.name, 40)),
                       .state = AuditState::unknown,
                       .title = fmt::format("{}: whether \"{}\" holds cannot be told from the files", instance.name, doubt)});
    }
    if (!found)
      out.push_back({.key = shown(instance.file),
                     .title = fmt::format("{} takes no passwords{}", instance.name, ports.empty() ? "" : ": " + ports),
                     .evidence = {"asked: " + how}});
  }
}

const Register<CheckSpec> reg{{"sshd", "sshd's effective settings for root and a plain user, of every sshd that listens", run}};

}  // namespace
}  // namespace sekisho
