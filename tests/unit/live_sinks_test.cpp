// What the agent tells, when, and to whom: seconds, scan hits, notices, durable before announced, a store that fails or hangs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "app/announcer.h"
#include "app/incident_feed.h"
#include "app/incident_state.h"
#include "app/scan_hits.h"
#include "app/second_totals.h"
#include "sample_analysis.h"

namespace sekisho {
namespace {

constexpr TimeNs kT0 = samples::kStart;

Step step_at(TimeNs end, std::vector<Second>& rows, std::uint64_t in) {
  rows.assign(1, {});
  rows[0].all = true, rows[0].direction = Direction::ingress;
  rows[0].step[index_of(TrafficClass::udp)] = {in, in * 100};
  rows[0].normal[index_of(TrafficClass::udp)] = 7;
  Step step;
  step.time = end, step.length = 100 * kMillisecond;
  step.seconds = rows;
  return step;
}

TEST(SecondTotals, StepsBelongToTheirSecond) {
  std::vector<TrafficSecond> seen;
  SecondTotals totals{[&](const TrafficSecond& s) { seen.push_back(s); }};
  std::vector<Second> rows;
  for (int i = 1; i <= 25; ++i) totals.on_step(step_at(kT0 + i * 100 * kMillisecond, rows, 10));  // the tenth ends with the second
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].time, kT0);
  EXPECT_EQ(seen[0].sides[0].packets, 100U);
  EXPECT_EQ(seen[0].sides[0].bytes, 10'000U);
  EXPECT_EQ(seen[1].sides[0].packets, 100U);
  EXPECT_EQ(seen[1].sides[0].normal_pps, 7);
  totals.advance(kT0 + 6 * kSecond + 1);
  ASSERT_EQ(seen.size(), 6U) << "silent seconds are seconds";
  EXPECT_EQ(seen[2].sides[0].packets, 50U);
  EXPECT_EQ(seen[5].time, kT0 + 5 * kSecond);
  EXPECT_EQ(seen[5].sides[0].packets, 0U);
  EXPECT_EQ(seen[5].sides[0].normal_pps, 7);
  totals.advance(kT0 + 3600 * kSecond);
  EXPECT_EQ(seen.size(), 7U) << "long gaps are gaps";
  totals.finish();
  EXPECT_EQ(seen.back().time, kT0 + 3600 * kSecond);
}

SourceFact scanner(const char* ip, std::uint16_t failures, std::vector<SourcePort> ports) {
  SourceFact s;
  s.remote = samples::ip(ip);
  s.first_seen = kT0, s.last_seen = kT0 + kSecond;
  s.failures = failures;
  std::copy(ports.begin(), ports.end(), s.ports.begin());
  for (const auto& p : ports) s.syns += p.syns;
  return s;
}

TEST(ScanHits, CountsFailuresByPortOnce) {
  ScanHits hits{HashKey{}};
  const auto tell = [&](const SourceFact& s, bool flooded = false) {
    Step step;
    step.sources = {&s, 1};
    hits.on_step(step, flooded);
  };
  tell(scanner("198.51.100.7", 0, {{23, 1}}));  // not yet judged
  tell(scanner("198.51.100.7", 1, {{23, 1}}));
  tell(scanner("198.51.100.7", 1, {{23, 1}, {2323, 2}}));
  tell(scanner("198.51.100.7", 3, {{23, 1}, {2323, 2}}));
  tell(scanner("198.51.100.7", 3, {{23, 1}, {2323, 2}}));
  auto taken = hits.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].port, 23);
  EXPECT_EQ(taken[0].hits, 1U);
  EXPECT_EQ(taken[1].port, 2323);
  EXPECT_EQ(taken[1].hits, 2U);
  EXPECT_TRUE(hits.take().empty());

  auto marked = scanner("203.0.113.9", 0, {{23, 4}});
  marked.fingerprint_syns = 4, marked.tool = ScannerTool::mirai;
  tell(marked, true);
  tell(scanner("203.0.113.10", 1, {{80, 1}}), true);
  taken = hits.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].source, Address{}) << "in a flood a source without a mark may be forged";
  EXPECT_EQ(taken[1].source, marked.remote);
  EXPECT_EQ(taken[1].label, "mirai_scan");
  // Any number of sources needs bounded room.
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    auto s = scanner("198.51.100.7", 1, {{80, 1}});
    s.remote = address_from_v4(0x01000000 + i);
    tell(s);
  }
  taken = hits.take();
  EXPECT_LE(taken.size(), 8'200U);
  std::uint64_t sum = 0;
  for (const auto& h : taken) sum += h.hits;
  EXPECT_EQ(sum, 20'000U);
}

TEST(IncidentFeed, EachChangeHasItsWord) {
  IncidentFeed feed;
  auto incident = samples::dns_amplification();
  incident.ended.reset(), incident.severity = Severity::medium;
  const auto tell = [&](IncidentChange change) { return feed.on_event({change, &incident}, kT0).what; };
  EXPECT_EQ(tell(IncidentChange::opened), "opened");
  EXPECT_TRUE(feed.flooded());
  EXPECT_FALSE(feed.progress(incident, kT0));
  incident.packets += 5;
  EXPECT_EQ(feed.progress(incident, kT0)->what, "progress");
  EXPECT_EQ(tell(IncidentChange::updated), "changed");
  incident.severity = Severity::critical;
  EXPECT_EQ(tell(IncidentChange::updated), "worse");
  incident.ended = kT0;
  EXPECT_EQ(tell(IncidentChange::closed), "closed");
  EXPECT_FALSE(feed.flooded());
  EXPECT_EQ(feed.open(), 0U);
  incident.ended.reset();
  EXPECT_EQ(tell(IncidentChange::updated), "reopened");
  IncidentFeed next;
  EXPECT_EQ(next.resume(incident, kT0).what, "resumed");
  EXPECT_EQ(next.on_event({IncidentChange::updated, &incident}, kT0).what, "changed") << "never opened a second time";
}

// Notes what it is told and whether the store had it by then.
class Listener final : public Sink {
 public:
  explicit Listener(std::string path) : path_(std::move(path)) {}
  void on_incident(const IncidentNotice& notice) override {
    auto reader = open_store_reader(path_);
    stored_ = reader.ok() && reader.value()->incident(notice.incident->id).value().has_value();
    ++told_;
  }
  void on_second(const std::shared_ptr<const LiveSecond>&) override { ++seconds_; }
  int told() const { return told_; }
  bool stored() const { return stored_; }

 private:
  const std::string path_;
  std::atomic<int> told_ = 0, seconds_ = 0;
  std::atomic<bool> stored_ = false;
};

class StoreSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-sink-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/sekisho.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static IncidentNotice opened() {
    return {IncidentChange::opened, "opened", kT0, std::make_shared<const Incident>(samples::dns_amplification())};
  }
  std::string folder_, path_;
};

TEST_F(StoreSinkTest, AnIncidentIsDurableBeforeItIsAnnounced) {
  StoreSink store{path_, {}, std::move(open_store_writer(path_, {}, "test")).value(), ""};
  Listener listener{path_};
  Announcer announcer{store, {&listener}};
  announcer.incident(opened());
  announcer.finish();
  EXPECT_EQ(listener.told(), 1);
  EXPECT_TRUE(listener.stored());
  EXPECT_TRUE(store.health().working);
}

TEST_F(StoreSinkTest, WithoutAStoreEverybodyIsToldAllTheSame) {
  StoreSink store{"/proc/nothing/sekisho.db", {}, nullptr, "there is no disk"};
  Listener listener{path_};
  Announcer announcer{store, {&listener}};
  announcer.incident(opened());
  announcer.second(std::make_shared<LiveSecond>());
  announcer.finish();
  EXPECT_EQ(listener.told(), 1);
  EXPECT_FALSE(listener.stored());
  const auto health = store.health();
  EXPECT_FALSE(health.working);
  EXPECT_EQ(health.problem, "there is no disk");
  EXPECT_EQ(health.lost_seconds, 1U);
}

TEST_F(StoreSinkTest, AHungDiskHoldsNoAlertBackForLong) {
  StoreSink store{path_, {}, std::move(open_store_writer(path_, {}, "test")).value(), ""};
  Listener listener{path_};
  Announcer announcer{store, {&listener}};
  std::promise<void> release;
  store.write([&](StoreWriter&) -> Result<void> {
    release.get_future().wait();
    return {};
  });
  announcer.incident(opened());
  announcer.tick();
  EXPECT_EQ(listener.told(), 0);
  std::this_thread::sleep_for(Announcer::kPatience + std::chrono::milliseconds{100});
  announcer.tick();
  EXPECT_EQ(listener.told(), 1);
  release.set_value();
  announcer.finish();
  EXPECT_EQ(listener.told(), 1) << "once";
  EXPECT_TRUE(std::move(open_store_reader(path_)).value()->incident(samples::dns_amplification().id).value());
}

TEST(Worker, KeepsOrderAndBound) {
  std::promise<void> release;
  std::vector<int> done;
  Worker worker{"test", 4};
  worker.post([&] { release.get_future().wait(); });
  while (worker.waiting() > 0) std::this_thread::yield();
  for (int i = 0; i < 10; ++i)
    worker.post([&, i] { done.push_back(i); }, i < 5 ? Worker::Importance::routine : Worker::Importance::essential);
  EXPECT_EQ(worker.dropped(), 6U) << "two routine jobs, then four in all";
  release.set_value();
  worker.finish();
  EXPECT_EQ(done, (std::vector<int>{0, 1, 5, 6}));
  EXPECT_FALSE(worker.post([] {}));
}

}  // namespace
}  // namespace sekisho
