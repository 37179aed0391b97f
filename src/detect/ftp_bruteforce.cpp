// Repeated refused FTP logins: 530 in answer to PASS.
#include "detect/detector.h"
#include "detect/login_attempts.h"

namespace sekisho {
namespace {

class FtpBruteforce final : public Detector {
 public:
  struct Settings {
    std::int64_t warn = 5;
    std::int64_t alert = 10;
    std::int64_t distributed_sources = 10;
    Milliseconds within{600'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"warn", &Settings::warn, 2, 100'000, "failed FTP logins from one source that are noted (severity low)"},
      {"alert", &Settings::alert, 3, 100'000, "failed FTP logins from one source that are an attack"},
      {"distributed_sources", &Settings::distributed_sources, 2, 100'000, "sources with at least two each that are an attack together"},
      {"within", &Settings::within, 10'000, 86'400'000, "over how long they are counted"}};
  explicit FtpBruteforce(Settings settings)
      : attempts_{{"ftp_bruteforce", "failed FTP logins", "each was refused with 530 in answer to PASS",
                   "a client with a wrong stored password fails the same way", true},
                  {settings.warn, settings.alert, settings.distributed_sources, settings.within.count * kMillisecond}} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections) observe(f);
    attempts_.report(step, out);
  }
  void take_offenders(std::vector<Offender>& out) override { attempts_.take_offenders(out); }

 private:
  void observe(const ConnectionFact& f) {
    if (!(f.signs & (kSignFtpFailed | kSignLoginOk)) || (f.signs & (kSignSsh | kSignTelnetLogin))) return;
    if (f.login_attempts == 0) return;
    const bool ok = (f.signs & kSignLoginOk) != 0;
    attempts_.observe(f, f.login_attempts - ok, ok);
  }

  LoginAttempts attempts_;
};

const Register<DetectorSpec> reg{detector<FtpBruteforce>("ftp_bruteforce", "repeated refused FTP logins")};

}  // namespace
}  // namespace sekisho
