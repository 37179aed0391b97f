// The difference to the last call, source by source.
#include "app/login_counts.h"

#include <algorithm>

namespace sekisho {

std::vector<LoginCount> LoginCounts::take(const Facts& facts) {
  std::vector<LoginCount> news;
  std::map<std::tuple<Network, LogService, bool>, Known> seen;
  facts([&](const LoginFact& fact) {
    const auto key = std::tuple{fact.source, fact.service, fact.honeypot};
    Known before;
    if (const auto found = known_.find(key); found != known_.end()) before = found->second;
    if (fact.failures < before.failures || fact.successes < before.successes) before = {};
    seen[key] = {fact.failures, fact.successes, fact.last_seen};
    const auto failures = fact.failures - before.failures, successes = fact.successes - before.successes;
    if (failures || successes)
      news.push_back({fact.source, to_string(fact.service), failures, successes, std::max(fact.first_seen, before.last), fact.last_seen});
  });
  known_ = std::move(seen);
  return news;
}

}  // namespace sekisho
