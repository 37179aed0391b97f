// Many short SSH sessions from one source that end without a login.
#include "detect/detector.h"
#include "detect/login_attempts.h"

namespace sekisho {
namespace {

class SshBruteforce final : public Detector {
 public:
  struct Settings {
    std::int64_t warn = 5;
    std::int64_t alert = 20;
    std::int64_t distributed_sources = 10;
    Milliseconds within{600'000};
    std::int64_t min_client_bytes = 500;
    std::int64_t max_client_bytes = 8'000;
    Milliseconds max_duration{120'000};
  };
  static constexpr Field<Settings> fields[] = {
      {"warn", &Settings::warn, 2, 100'000, "short SSH sessions without a login from one source that are noted (severity low)"},
      {"alert", &Settings::alert, 3, 100'000, "short SSH sessions without a login from one source that are an attack"},
      {"distributed_sources", &Settings::distributed_sources, 2, 100'000, "sources with at least two each that are an attack together"},
      {"within", &Settings::within, 10'000, 86'400'000, "over how long they are counted"},
      {"min_client_bytes", &Settings::min_client_bytes, 0, 100'000, "a key exchange takes at least so much from the client"},
      {"max_client_bytes", &Settings::max_client_bytes, 1'000, 10'000'000, "more than this is no password guessing"},
      {"max_duration", &Settings::max_duration, 1'000, 3'600'000, "sessions that last longer are not counted"}};
  explicit SshBruteforce(Settings settings)
      : settings_{settings},
        attempts_{{"ssh_bruteforce", "short SSH sessions without a login",
                   "each exchanged keys, then closed early without the shorter answer that a successful login gets",
                   "SSH is encrypted: a failure is inferred from sizes; scripts that log in successfully are not counted", false},
                  {settings.warn, settings.alert, settings.distributed_sources, settings.within.count * kMillisecond}} {}

  void on_step(const Step& step, std::vector<Finding>& out) override {
    for (const ConnectionFact& f : step.connections) observe(f);
    attempts_.report(step, out);
  }
  void take_offenders(std::vector<Offender>& out) override { attempts_.take_offenders(out); }

 private:
  void observe(const ConnectionFact& f) {
    if (!(f.signs & kSignSsh)) return;
    if (f.signs & kSignLoginOk) return attempts_.observe(f, 0, true);
    // Banner grabs exchange no keys; long or large sessions did something else than trying passwords.
    const std::uint64_t from_client = f.outbound ? f.payload_out : f.payload_in;
    const bool tried = from_client >= static_cast<std::uint64_t>(settings_.min_client_bytes) &&
                       from_client <= static_cast<std::uint64_t>(settings_.max_client_bytes);
    if (f.closed && tried && f.last_seen - f.opened <= settings_.max_duration.count * kMillisecond) attempts_.observe(f, 1, false);
  }

  Settings settings_;
  LoginAttempts attempts_;
};

const Register<DetectorSpec> reg{detector<SshBruteforce>("ssh_bruteforce", "many short SSH sessions without a login")};

}  // namespace
}  // namespace sekisho
