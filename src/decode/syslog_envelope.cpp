// Reads the envelopes of syslog lines. A line's program is what stands in the place of the tag: text of a message never reaches it.
#include "decode/syslog_envelope.h"

#include "decode/log_text.h"

namespace sekisho {
namespace {

// "sshd[16378]:", "/usr/sbin/sshd:", "sshd(pam_unix)[3]:", "log_tag": name, process number and whether a colon ended it.
void read_tag(std::string_view& text, Envelope& out) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != ' ' && text[end] != ':' && text[end] != '[') ++end;
  std::string_view name = text.substr(0, end);
  auto rest = text.substr(end);
  if (!rest.empty() && rest.front() == '[') {
    auto inside = rest.substr(1);
    std::uint32_t pid = 0;
    if (take_number(inside, pid) && take(inside, "]")) out.pid = pid, rest = inside;
  }
  out.tagged = take(rest, ":");
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  out.program = name.substr(0, name.find('('));
  text = rest;
}

// RFC 5424 behind the priority: "1 TIME HOST APP PROCID MSGID STRUCTURED-DATA MESSAGE".
bool read_rfc5424(std::string_view text, const LogClock& clock, Envelope& out) {
  if (!take(text, "1 ")) return false;
  if (!take(text, "- ") && (!take_iso_time(text, clock, out.time) || !take(text, " "))) return false;
  out.host = take_until(text, ' ');
  out.program = take_until(text, ' ');
  if (!whole_number(take_until(text, ' '), out.pid)) out.pid = 0;
  take_until(text, ' ');
  out.tagged = true;
  if (!take(text, "-")) {
    while (take(text, "[")) {
      bool quoted = false;
      std::size_t at = 0;
      for (; at < text.size() && (quoted || text[at] != ']'); ++at) {
        if (text[at] == '"') quoted = !quoted;
        if (quoted && text[at] == '\\') ++at;
      }
      if (at >= text.size()) return false;
      text.remove_prefix(at + 1);
    }
  }
  skip_spaces(text);
  take(text, "\xef\xbb\xbf");
  out.message = text;
  return true;
}

bool is_facility(std::string_view word) {
  // "authpriv.info": busybox writes facility and level between the machine and the tag.
  const auto dot = word.find('.');
  if (dot == std::string_view::npos || dot < 3 || word.size() - dot < 4) return false;
  for (const char c : word)
    if (c != '.' && !is_digit(c) && (c < 'a' || c > 'z')) return false;
  return word.find('.', dot + 1) == std::string_view::npos;
}

}  // namespace

bool read_envelope(std::string_view line, LogClock& clock, Envelope& out) {
  out = {};
  std::string_view text = line;
  if (!text.empty() && text.front() == '<') {
    auto inside = text.substr(1);
    unsigned priority = 0;
    if (!take_number(inside, priority, 191U) || !take(inside, ">")) return false;
    text = inside;
    if (read_rfc5424(text, clock, out)) return true;
  }
  if (!take_syslog_time(text, clock, out.time) && !take_iso_time(text, clock, out.time)) {
    // journalctl -o short-unix: always with a fraction, or any number would be a time.
    if (text.size() < 12 || text[10] != '.' || !take_epoch(text, out.time)) return false;
  }
  if (text.empty() || (text.front() != ' ' && text.front() != ':')) return false;
  if (take(text, ":")) out.tagged = false;
  skip_spaces(text);
  // The machine may be left out: then the first word is the tag already.
  const auto first = text.substr(0, text.find(' '));
  if (!first.ends_with(':')) {
    out.host = take_until(text, ' ');
    skip_spaces(text);
  }
  auto tag = text;
  read_tag(tag, out);
  if (!out.tagged && is_facility(out.program) && !tag.empty() && tag.front() == ' ') {
    skip_spaces(tag);
    read_tag(tag, out);
  }
  skip_spaces(tag);
  out.message = tag;
  return true;
}

}  // namespace sekisho
