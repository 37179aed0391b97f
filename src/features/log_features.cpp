// Hands each log event to the table that counts it.
#include "features/log_features.h"

namespace sekisho {
namespace {

constexpr std::size_t kMostCommands = 64;  // a step

// Paths that a login form is sent to: of WordPress, Joomla, GitLab and home-made ones.
bool is_login_path(std::string_view path) {
  for (const std::string_view piece : {"login", "signin", "sign_in", "sign-in", "logon", "xmlrpc.php", "administrator/index.php"})
    if (path.find(piece) != std::string_view::npos) return true;
  return false;
}

bool contains(std::string_view text, std::string_view piece) { return text.find(piece) != std::string_view::npos; }

}  // namespace

LogFeatures::LogFeatures(LogFeatureSettings s)
    : logins_(s.key, s.most_sources, s.most_users), packets_(s.key, s.most_sources, std::move(s.publics)), requests_(s.key, s.most_sources) {}

// A login over the web: a form that is sent, or a refused name and password. Whether a form's login failed, a log does not say for sure:
// tries are counted, and users do not try often.
void LogFeatures::on_request(const LogEvent& event, TimeNs now) {
  requests_.on_event(event, now);
  const bool form = event.method == "POST" && is_login_path(event.path);
  const bool refused = (event.status == 401 || event.status == 403) && !event.user.empty();
  if (!form && !refused) return;
  LogEvent login = event;
  login.kind = LogKind::login_failed;
  login.user = event.path;
  login.connection = 0;
  logins_.on_event(login, now);
}

void LogFeatures::on_command(const LogEvent& event, TimeNs now) {
  if (!event.has_source || command_facts_.size() >= kMostCommands) return;
  DecoyCommandFact f;
  f.busybox = contains(event.command, "busybox ");
  f.download = contains(event.command, "wget ") || contains(event.command, "curl ") || contains(event.command, "tftp ") || contains(event.command, "ftpget ");
  if (!f.busybox && !f.download) return;
  f.source = log_source(event.source);
  f.time = now;
  command_texts_.emplace_back().set(event.command);
  command_facts_.push_back(f);
}

void LogFeatures::on_event(const LogEvent& event, TimeNs now) {
  switch (event.kind) {
    case LogKind::login_failed:
    case LogKind::login_hint:
    case LogKind::login_ok:
    case LogKind::probe: logins_.on_event(event, now); break;
    case LogKind::packet: packets_.on_event(event, now); break;
    case LogKind::request: on_request(event, now); break;
    case LogKind::command: on_command(event, now); break;
    case LogKind::nothing: break;
  }
}

const LogStep& LogFeatures::finish_step(TimeNs now, bool last) {
  login_facts_.clear(), distributed_facts_.clear(), scan_facts_.clear(), request_facts_.clear(), request_source_facts_.clear();
  logins_.collect(now, last, login_facts_, distributed_facts_);
  packets_.collect(scan_facts_);
  requests_.finish_second(now, request_facts_, request_source_facts_);
  for (std::size_t i = 0; i < command_facts_.size(); ++i) command_facts_[i].command = command_texts_[i].view();
  told_commands_.swap(command_facts_), told_texts_.swap(command_texts_);
  command_facts_.clear(), command_texts_.clear();
  step_ = {now, last, login_facts_, distributed_facts_, scan_facts_, request_facts_, request_source_facts_, told_commands_};
  return step_;
}

void LogFeatures::restart(TimeNs now) {
  logins_.restart(now);
  packets_.restart(now);
}

void LogFeatures::take_hits(std::vector<LogHit>& out) {
  logins_.take_hits(out);
  packets_.take_hits(out);
  requests_.take_hits(out);
}

}  // namespace sekisho
