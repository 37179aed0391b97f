// Signs in command lines, from public analyses of what bots write into cron, rc.local, inittab and units (FACTS sections 1 B10 and 11).
#include "audit/suspicious_text.h"

#include <algorithm>
#include <array>

#include "audit/describe.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

bool is_word_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

// `word` as a command or argument of its own, not a part of another word.
bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) {
    const bool before = at == 0 || !is_word_char(text[at - 1]);
    const auto end = at + word.size();
    if (before && (end == text.size() || !is_word_char(text[end]))) return true;
  }
  return false;
}

bool has_any(std::string_view text, auto... words) { return (has_word(text, words) || ...); }

// Paths in the text: from a '/' that begins a word to its end.
template <class Test>
bool has_path(std::string_view text, Test test) {
  constexpr std::string_view ends = " \t'\"`;|&<>()$,";
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(ends, at), text.size());
    if ((at == 0 || !is_word_char(text[at - 1])) && test(text.substr(at, end - at))) return true;
    at = end;
  }
  return false;
}

bool downloads(std::string_view text) { return has_any(text, "wget", "curl", "tftp", "ftpget", "fetch", "lwp-download"); }

bool pipes_to_shell(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string_view::npos; ++at) {
    auto next = trimmed(text.substr(at + 1));
    for (const std::string_view skip : {"sudo ", "nohup ", "exec "})
      if (next.starts_with(skip)) next = trimmed(next.substr(skip.size()));
    const auto command = base_name(next.substr(0, next.find_first_of(" \t;|&)\"'")));
    if (command == "sh" || command == "bash" || command == "dash" || command == "ash" || command == "zsh" ||
        command.starts_with("python") || command == "perl")
      return true;
  }
  return false;
}

// A temporary folder's file as the command itself: at the begin of the line or after a separator, shell or interpreter.
bool runs_temporary(std::string_view text) {
  return has_path(text, [&](std::string_view path) {
    if (!in_temporary_folder(path) || path.starts_with("/run/") || path.starts_with("/var/run/")) return false;
    const auto before = trimmed(text.substr(0, static_cast<std::size_t>(path.data() - text.data())));
    if (before.empty()) return true;
    const char last = before.back();
    if (last == ';' || last == '&' || last == '|' || last == '(' || last == '`' || last == '=') return true;
    const auto word = base_name(before.substr(before.find_last_of(" \t") + 1));
    constexpr std::array<std::string_view, 14> runs{"sh",     "bash",   "dash",    "ash",  "nohup", "exec",    "sudo",
                                                    "setsid", "python", "python3", "perl", "root",  "@reboot", "+x"};
    if (std::find(runs.begin(), runs.end(), word) != runs.end()) return true;
    // "*/5 * * * * /tmp/x": the fields of cron before it.
    return before.find_first_not_of("0123456789*/,-? \t@abcdefghijklmnopqrstuvwxyz:") == std::string_view::npos &&
           (before.find('*') != std::string_view::npos || before.front() == '@');
  });
}

}  // namespace

Suspicion suspicion_of(std::string_view command) {
  Suspicion s;
  const auto text = trimmed(command.substr(0, 4096));
  if (text.empty() || text.front() == '#') return s;
  const auto say = [&](AuditState state, std::string reason) {
    s.state = std::max(s.state, state);
    s.reasons.push_back(std::move(reason));
  };
  if (downloads(text) && pipes_to_shell(text)) say(AuditState::high, "downloads and runs at once");
  if (downloads(text) && (has_any(text, "chmod") || runs_temporary(text))) say(AuditState::high, "downloads and makes it a program");
  if (has_word(text, "busybox") && has_any(text, "wget", "tftp", "ftpget")) say(AuditState::high, "busybox downloads, as bots' loaders do");
  if (runs_temporary(text)) say(AuditState::high, "runs a file of a temporary folder");
  if (has_path(text, [](std::string_view path) {
        return has_hidden_part(path) && (in_temporary_folder(path) || path.find("/.", 1) < path.rfind('/'));
      }))
    say(AuditState::high, "a program in a hidden folder");
  if (has_any(text, "base64") && (has_any(text, "-d", "--decode", "-D")) && (pipes_to_shell(text) || has_word(text, "eval")))
    say(AuditState::high, "runs text that is hidden in base64");
  if (text.find("/dev/tcp/") != std::string_view::npos || text.find("/dev/udp/") != std::string_view::npos)
    say(AuditState::high, "opens a connection from the shell");
  if (has_any(text, "nc", "ncat", "netcat") && has_any(text, "-e", "-c")) say(AuditState::high, "gives a shell to a connection");
  if (has_any(text, "chmod") && (has_any(text, "777", "0777") || text.find("a+rwx") != std::string_view::npos))
    say(AuditState::medium, "makes something writable and runnable for everybody");
  if (has_any(text, "xmrig", "minerd", "kdevtmpfsi", "kinsing", "dvrHelper", "Mozi", "tsunami"))
    say(AuditState::high, "names known malware");
  if (downloads(text) && s.reasons.empty() && text.find("://") != std::string_view::npos) {
    const auto at = text.find("://") + 3;
    const auto host = text.substr(at, text.find_first_of("/: \t'\"", at) - at);
    if (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos && !host.starts_with("127."))
      say(AuditState::medium, "downloads from a bare address");
  }
  return s;
}

}  // namespace sekisho
