// Keys that open this host: of whom, writable by others, with commands, new, known from attacks.
#include <fmt/format.h>

#include <algorithm>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/start_files.h"
#include "audit/suspicious_text.h"
#include "audit/text_lines.h"
#include "base/time.h"

namespace sekisho {
namespace {

constexpr std::string_view kWhy = "A key in this file opens the account without a password: the simplest way for an intruder to come back.";

bool is_key_type(std::string_view word) {
  return word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-") || word.starts_with("sk-ssh-") || word.starts_with("sk-ecdsa-");
}
bool may_log_in(const User& user) { return !user.shell.ends_with("/nologin") && !user.shell.ends_with("/false") && !user.shell.empty(); }

struct Keys {
  std::size_t count = 0;
  std::vector<std::string> evidence;  // where the key stands and its comment, never the key itself
  AuditState state = AuditState::ok;
  std::string what;
};

void judge(const std::string& path, std::string_view text, Keys& keys) {
  for_each_line(text, [&](int number, std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') return;
    const auto words = words_of(line);
    const auto type = std::find_if(words.begin(), words.end(), is_key_type);
    if (type == words.end()) return;
    ++keys.count;
    const auto comment = words.end() - type > 2 ? *(type + 2) : std::string_view{};
    if (keys.evidence.size() < 10)
      keys.evidence.push_back(
          fmt::format("{}:{}: {} {}", shown(path), number, *type, comment.empty() ? "(no comment)" : shown(comment, 80)));
    // The comment that the Outlaw botnet's installer leaves on every host (public reports since 2018).
    if (comment == "mdrfckr") keys.state = AuditState::critical, keys.what = "holds the key of the Outlaw botnet";
    const auto options = line.substr(0, static_cast<std::size_t>(type->data() - line.data()));
    if (const auto s = suspicion_of(options); s.state > keys.state)
      keys.state = s.state, keys.what = "runs a command that " + s.reasons.front();
  });
}

void judge_file(HostView& host, const User& user, const std::string& path, std::size_t& total, Findings& out) {
  const auto info = host.files().followed_info(path);
  if (info.kind != FileKind::regular) return;
  const auto text = host.text(path);
  if (!text) return;
  Keys keys;
  judge(path, *text, keys);
  if (keys.count == 0) return;
  total += keys.count;
  const auto raise = [&](AuditState state, std::string what) {
    if (state > keys.state) keys.state = state, keys.what = std::move(what);
  };
  if (info.mode & 0022) raise(AuditState::high, "can be written by others");
  if (info.uid != 0 && user.uid >= 0 && info.uid != static_cast<std::uint32_t>(user.uid))
    raise(AuditState::high, "belongs to another user");
  if (!may_log_in(user) && user.uid != 0) raise(AuditState::high, "opens an account that is not for people");
  if (host.recent(info))
    raise(user.uid == 0 ? AuditState::medium : AuditState::low,
          fmt::format("was changed {} ago", format_duration(std::max<std::int64_t>(host.now_s() - host.changed_s(info), 0) * kSecond)));
  if (keys.state == AuditState::ok) return;
  out.push_back(
      {.key = shown(path),
       .state = keys.state,
       .title = fmt::format("{} ({} key{} of {}) {}", shown(path), keys.count, keys.count == 1 ? "" : "s", shown(user.name, 40), keys.what),
       .evidence = std::move(keys.evidence),
       .why = std::string{kWhy},
       .fix = fmt::format("ssh-keygen -lf {0}   # a key that is not yours: sed -i.before-sekisho NUMBERd {0}", shell_quoted(path)),
       .undo = fmt::format("mv {0}.before-sekisho {0}", shell_quoted(path)),
       .infection = keys.state == AuditState::critical});
}

void run(HostView& host, Findings& out) {
  const auto before = out.size();
  std::size_t total = 0;
  for (const auto& user : host.users()) {
    if (user.home.empty() || user.home.front() != '/' || user.home == "/nonexistent") continue;
    for (const char* name : {"/.ssh/authorized_keys", "/.ssh/authorized_keys2"})
      judge_file(host, user, (user.home == "/" ? "" : user.home) + name, total, out);
  }
  for (const auto& file : start_files(host, "/etc/ssh/authorized_keys")) {
    const auto& users = host.users();
    const auto owner = std::find_if(users.begin(), users.end(), [&](const User& u) { return u.name == base_name(file.path); });
    judge_file(host, owner == users.end() ? User{std::string{base_name(file.path)}, "", "/bin/sh", -1, -1} : *owner, file.path, total, out);
  }
  if (out.size() == before)
    out.push_back({.key = "keys",
                   .title = fmt::format("{} SSH keys open accounts here; none is new, writable by others or known from attacks", total)});
}

const Register<CheckSpec> reg{{"authorized_keys", "SSH keys: recent, writable by others, of accounts that are not for people", run}};

}  // namespace
}  // namespace sekisho
