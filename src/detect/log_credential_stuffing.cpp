// Many tries at a web login, as an access log shows them: forms sent to login paths, refused names and passwords.
#include "detect/log_detector.h"
#include "detect/log_login_campaign.h"

namespace sekisho {
namespace {

class LogCredentialStuffing final : public LogDetector {
 public:
  struct Settings {
    std::int64_t warn = 10, alert = 20, slow = 50, distributed = 10;
  };
  static constexpr Field<Settings> fields[] = {
      {"warn", &Settings::warn, 2, 100'000, "web logins tried by one source within ten minutes that are noted (severity low)"},
      {"alert", &Settings::alert, 3, 100'000, "web logins tried by one source within ten minutes that are an attack"},
      {"slow", &Settings::slow, 3, 100'000, "tries within a day of a source that stays below warn in every ten minutes"},
      {"distributed", &Settings::distributed, 10, 100'000, "sources with two to five tries each at the same path within an hour"}};
  explicit LogCredentialStuffing(const Settings& s)
      : campaign_{{LogService::http, "credential_stuffing", "tries at web logins",
                   "an access log does not say which logins failed: a test tool or a proxy for many people looks alike", 0},
                  {s.warn, s.alert, 0, s.slow, s.distributed}} {}
  void on_step(const LogStep& step, std::vector<Finding>& out) override { campaign_.on_step(step, out); }
  void take_offenders(std::vector<Offender>& out) override { campaign_.take_offenders(out); }

 private:
  LogLoginCampaign campaign_;
};

const Register<LogDetectorSpec> reg{
    log_detector<LogCredentialStuffing>("log_credential_stuffing", "many tries at web logins in an access log")};

}  // namespace
}  // namespace sekisho
