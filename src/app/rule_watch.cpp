// Looks every ten seconds whether the table is there; reading its fourteen counters costs nothing.
#include "app/rule_watch.h"

#include <pthread.h>

#include <chrono>
#include <optional>

#include "app/port_waves.h"
#include "app/rules_state.h"
#include "app/time_words.h"
#include "response/nft_wire.h"

namespace sekisho {
namespace {

constexpr std::chrono::seconds kEvery{10};
constexpr std::chrono::milliseconds kNap{200};
constexpr std::size_t kMostChanges = 256;

IncidentSettings settings_for(std::uint64_t id_seed) {
  IncidentSettings s;
  s.forget_closed = true, s.id_seed = id_seed;
  return s;
}

}  // namespace

RuleWatch::RuleWatch(StoreSink& store, std::uint64_t id_seed) : store_(store), incidents_(settings_for(id_seed)) {}

void RuleWatch::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void RuleWatch::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "rules");
  auto wire = NftWire::open();
  if (!wire.ok()) return;
  Nft nft;
  PortWaves waves;
  auto next = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(kNap);
    if (std::chrono::steady_clock::now() < next) continue;
    next += kEvery;
    const auto facts = wire.value().facts(std::string{kRulesTable});
    if (!facts.ok() || !facts.value().exists) continue;
    const auto state = read_rules(nft);
    if (!state.ok() || !state.value().installed) continue;
    const auto now = wall_clock();
    const auto fresh = waves.add(now, state.value().ports);
    if (!fresh.empty()) store_.write([fresh, now](StoreWriter& w) { return w.add_port_counts(now, fresh); }, Worker::Importance::routine);
    std::vector<Finding> findings;
    if (auto f = waves.judge(now)) findings.push_back(std::move(*f));
    for (const auto& event : incidents_.on_step(now, findings)) {
      const std::lock_guard lock{mutex_};
      if (changes_.size() >= kMostChanges) changes_.pop_front();
      changes_.push_back({event.change, *event.incident});
    }
  }
}

void RuleWatch::hand_on(Announcer& announcer) {
  std::deque<Change> changes;
  {
    const std::lock_guard lock{mutex_};
    changes.swap(changes_);
  }
  for (const auto& c : changes) announcer.incident(feed_.on_event({c.change, &c.incident}, wall_clock()));
}

void RuleWatch::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace sekisho
