// A login that succeeds after many failures from the same source: the password may have been guessed (T1078). One incident a source.
#include "detect/log_detector.h"
#include "detect/log_findings.h"

namespace sekisho {
namespace {

class LogLoginAfterFailures final : public LogDetector {
 public:
  struct Settings {
    std::int64_t failures = 5;
  };
  static constexpr Field<Settings> fields[] = {
      {"failures", &Settings::failures, 2, 10'000, "failed logins of a source within a day, after which a login that succeeds is reported"}};
  explicit LogLoginAfterFailures(const Settings& s) : settings_{s} {}

  void on_step(const LogStep& step, std::vector<Finding>& out) override {
    for (const LoginFact& fact : step.logins)
      if (!fact.honeypot && fact.failures_before_success >= settings_.failures) out.push_back(judge(fact, step));
  }

 private:
  Finding judge(const LoginFact& fact, const LogStep& step) const {
    Finding f = log_finding("login_after_failures", step, "login_after_failures " + to_string(fact.source));
    f.first_packet = fact.first_seen;
    f.packets = fact.failures_before_success + 1;
    f.distinct_peers = 1;
    f.top_peers.push_back({fact.source.base, 0, f.packets});
    f.selector.remotes = {fact.source.base};
    f.selector.both_ways = true;
    // Guessing passwords does not yield a key: such a login was made by whoever holds it.
    f.severity = fact.key_login ? Severity::medium : Severity::critical;
    const bool one_user = fact.failures_same_user == fact.failures_before_success;
    f.confidence = fact.key_login ? 50 : one_user && fact.failures_before_success < 10 ? 70 : 90;
    f.headline = fmt::format("{} logged in as {} after {} failures", to_string(fact.source), quoted_text(fact.user), fact.failures_before_success);
    f.evidence.push_back(fmt::format("{} failed {} logins within a day, then one that succeeded, from the same address", fact.failures_before_success,
                                     to_string(fact.service)));
    if (!one_user) f.evidence.push_back(fmt::format("{} of the failures were for other users", fact.failures_before_success - fact.failures_same_user));
    if (fact.key_login) f.counter_evidence.push_back("the login was by key, which guessing passwords does not yield");
    if (one_user) f.counter_evidence.push_back("all failures were for the user that then logged in: a forgotten password looks the same");
    if (is_private(fact.source.base)) f.counter_evidence.push_back("the source is in a private network");
    if (f.counter_evidence.empty()) f.counter_evidence.push_back("that it is the same person is not proven");
    f.extra_techniques = {"T1078"};
    return f;
  }

  Settings settings_;
};

const Register<LogDetectorSpec> reg{
    log_detector<LogLoginAfterFailures>("log_login_after_failures", "a login that succeeds after many failures from the same source")};

}  // namespace
}  // namespace sekisho
