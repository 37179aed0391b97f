// Failed SSH logins as sshd's log tells them (FACTS section 11).
#include "detect/log_detector.h"
#include "detect/log_login_campaign.h"

namespace sekisho {
namespace {

class LogSshBruteforce final : public LogDetector {
 public:
  struct Settings {
    std::int64_t warn = 5, alert = 20, users = 8, slow = 10, distributed = 10;
  };
  static constexpr Field<Settings> fields[] = {
      {"warn", &Settings::warn, 2, 100'000, "failed logins from one source within ten minutes that are noted (severity low)"},
      {"alert", &Settings::alert, 3, 100'000, "failed logins from one source within ten minutes that are an attack"},
      {"users", &Settings::users, 2, 16, "different users that one source tries within ten minutes that are an attack"},
      {"slow", &Settings::slow, 3, 100'000, "failed logins within a day of a source that stays below warn in every ten minutes"},
      {"distributed", &Settings::distributed, 10, 100'000, "sources with two to five tries each at the same users within an hour"}};
  explicit LogSshBruteforce(const Settings& s)
      : campaign_{{LogService::ssh, "ssh_bruteforce", "failed ssh logins",
                   "the log proves the addresses (they completed handshakes), not that a password was ever close", 22},
                  {s.warn, s.alert, s.users, s.slow, s.distributed}} {}
  void on_step(const LogStep& step, std::vector<Finding>& out) override { campaign_.on_step(step, out); }
  void take_offenders(std::vector<Offender>& out) override { campaign_.take_offenders(out); }

 private:
  LogLoginCampaign campaign_;
};

const Register<LogDetectorSpec> reg{log_detector<LogSshBruteforce>("log_ssh_bruteforce", "failed SSH logins in sshd's log")};

}  // namespace
}  // namespace sekisho
