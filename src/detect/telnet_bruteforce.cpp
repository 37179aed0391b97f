// Repeated telnet logins: passwords handed over and refused.
#include "detect/detector.h"
#include "detect/login_attempts.h"

namespace sekisho {
namespace {

class TelnetBruteforce final : public Detector {
 public:
  struct Settings {
    std::int64_t warn = 3;
    std::int64_t alert = 5;
    std::int64_t distributed_sources = 10;
    Milliseconds within{600'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"warn", &Settings::warn, 2, 100'000, "failed telnet logins from one source that are noted (severity low)"},
      {"alert", &Settings::alert, 3, 100'000, "failed telnet logins from one source that are an attack"},
      {"distributed_sources", &Settings::distributed_sources, 2, 100'000, "sources with at least two each that are an attack together"},
      {"within", &Settings::within, 10'000, 86'400'000, "over how long they are counted"}};
  explicit TelnetBruteforce(Settings settings)
      : attempts_{
            {"telnet_bruteforce", "failed telnet logins", "the server asked for a password, got one, and asked again, refused or hung up",
             "somebody who forgot a password, or a script with an old one, fails the same way", true},
            {settings.warn, settings.alert, settings.distributed_sources, settings.within.count * kMillisecond}} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections) observe(f);
    attempts_.report(step, out);
  }
  void take_offenders(std::vector<Offender>& out) override { attempts_.take_offenders(out); }

 private:
  void observe(const ConnectionFact& f) {
    if ((f.signs & (kSignSsh | kSignFtpFailed)) || !(f.signs & kSignTelnetLogin) || f.login_attempts == 0) return;
    const bool ok = (f.signs & kSignLoginOk) != 0;
    // The last password is a failure once it was refused or the connection ended.
    const bool decided = f.closed || (f.signs & kSignTelnetFailed) != 0;
    attempts_.observe(f, ok || !decided ? f.login_attempts - 1 : f.login_attempts, ok);
  }

  LoginAttempts attempts_;
};

const Register<DetectorSpec> reg{detector<TelnetBruteforce>("telnet_bruteforce", "repeated telnet logins")};

}  // namespace
}  // namespace sekisho
