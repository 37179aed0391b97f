// Repeated refused logins at mail, database and desktop services.
#include "detect/detector.h"
#include "detect/login_attempts.h"

namespace sekisho {
namespace {

class LoginBruteforce final : public Detector {
 public:
  struct Settings {
    std::int64_t warn = 5;
    std::int64_t alert = 20;
    std::int64_t distributed_sources = 10;
    Milliseconds within{600'000};
    std::int64_t rdp_max_client_bytes = 6'000;
    Milliseconds rdp_max_duration{15'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"warn", &Settings::warn, 2, 100'000, "failed logins from one source that are noted (severity low)"},
      {"alert", &Settings::alert, 3, 100'000, "failed logins from one source that are an attack"},
      {"distributed_sources", &Settings::distributed_sources, 2, 100'000, "sources with at least two each that are an attack together"},
      {"within", &Settings::within, 10'000, 86'400'000, "over how long they are counted"},
      {"rdp_max_client_bytes", &Settings::rdp_max_client_bytes, 100, 10'000'000, "RDP: more than this is a desktop session"},
      {"rdp_max_duration", &Settings::rdp_max_duration, 1'000, 3'600'000, "RDP: sessions that last longer are not counted"}};
  explicit LoginBruteforce(Settings settings)
      : settings_{settings},
        attempts_{{"login_bruteforce", "failed logins",
                   "refused by SMTP 535, POP3 -ERR, IMAP NO, or a database's login error; at RDP, short sessions one after the other",
                   "a misconfigured client or a mail program with an old password fails the same way, usually at a steady pace", false},
                  {settings.warn, settings.alert, settings.distributed_sources, settings.within.count * kMillisecond}} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections) observe(f);
    attempts_.report(step, out);
  }
  void take_offenders(std::vector<Offender>& out) override { attempts_.take_offenders(out); }

 private:
  void observe(const ConnectionFact& f) {
    if (f.signs & kSignLoginFailed) return attempts_.observe(f, f.login_attempts, false);
    if (!(f.signs & kSignRdp) || !f.closed) return;
    // RDP is encrypted after the first packet: sessions too short for a desktop are counted.
    const std::uint64_t from_client = f.outbound ? f.payload_out : f.payload_in;
    if (from_client <= static_cast<std::uint64_t>(settings_.rdp_max_client_bytes) &&
        f.last_seen - f.opened <= settings_.rdp_max_duration.count * kMillisecond)
      attempts_.observe(f, 1, false);
  }

  Settings settings_;
  LoginAttempts attempts_;
};

const Register<DetectorSpec> reg{
    detector<LoginBruteforce>("login_bruteforce", "repeated refused logins at mail, database and desktop services")};

}  // namespace
}  // namespace sekisho
