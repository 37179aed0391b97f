// Incidents: the live agent forgets closed incidents, and what stays is still found by its key.
#include "incident/incidents.h"

#include <gtest/gtest.h>

#include <map>

namespace sekisho {
namespace {

Finding flood_of(TimeNs time, unsigned host) {
  Finding f;
  f.label = "syn_flood";
  f.direction = Direction::ingress;
  f.has_subject = true;
  f.subject = address_from_v4(0xc6336400u + host);  // 198.51.100.x
  f.time = time;
  f.packets = 1000;
  f.rate_pps = 1000;
  f.severity = Severity::medium;
  return f;
}

IncidentSettings live() {
  IncidentSettings settings;
  settings.forget_closed = true;
  return settings;
}

TEST(Incidents, LiveForgetsWhatNothingCanJoin) {
  Incidents incidents{live()};
  TimeNs now = 1000 * kSecond;
  incidents.on_step(now, {flood_of(now, 1)});
  const auto& closing = incidents.on_step(now + kMinute, {});
  ASSERT_EQ(closing.size(), 1u);
  EXPECT_EQ(closing[0].change, IncidentChange::closed);
  now += 14 * kMinute;
  incidents.on_step(now, {flood_of(now, 2), flood_of(now, 3)});
  EXPECT_EQ(incidents.kept(), 3u);  // the first may still be joined
  now += 2 * kMinute;
  incidents.on_step(now, {});
  EXPECT_EQ(incidents.kept(), 2u);

  // The others have moved up: what comes joins each by its key, and a flood on the first host opens a new incident.
  now += 10 * kSecond;
  std::map<std::string, IncidentChange> changes;
  for (const auto& e : incidents.on_step(now, {flood_of(now, 2), flood_of(now, 3), flood_of(now, 1)}))
    changes[e.incident->subject] = e.change;
  const std::map<std::string, IncidentChange> expected{
      {"198.51.100.1", IncidentChange::opened}, {"198.51.100.2", IncidentChange::updated}, {"198.51.100.3", IncidentChange::updated}};
  EXPECT_EQ(changes, expected);
  EXPECT_EQ(incidents.kept(), 3u);
}

TEST(Incidents, LiveKeepsAtMostSoManyClosedAndTheNewest) {
  auto settings = live();
  settings.max_closed = 4;
  Incidents incidents{settings};
  TimeNs now = 1000 * kSecond;
  for (unsigned host = 0; host < 10; ++host, now += kSecond) incidents.on_step(now, {flood_of(now, host)});
  now += kMinute;
  incidents.on_step(now, {});  // closes all
  now += 2 * kMinute;
  incidents.on_step(now, {});
  EXPECT_EQ(incidents.kept(), 4u);
  // The last one is among them: it is reopened, not opened anew.
  const auto& events = incidents.on_step(now, {flood_of(now, 9)});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].change, IncidentChange::updated);
}

TEST(Incidents, ARestartGoesOnWithTheSameIncidents) {
  TimeNs now = 1000 * kSecond;
  IncidentSettings settings = live();
  settings.pulses = 9;  // the pauses here are no pulse wave
  std::vector<Incident> known;
  {
    Incidents before{settings};
    before.on_step(now, {flood_of(now, 1), flood_of(now, 2), flood_of(now, 3)});
    before.on_step(now + 20 * kSecond, {flood_of(now + 20 * kSecond, 1), flood_of(now + 20 * kSecond, 2)});
    before.on_step(now + 31 * kSecond, {});  // closes the third
    EXPECT_EQ(before.open().size(), 2u);
    known = before.take_all();
  }
  ASSERT_EQ(known.size(), 3u);
  const auto id = known[0].id;
  Incidents after{settings};
  after.resume(known);
  // Two minutes without an agent: nobody confirmed anything, which is no proof that it is over.
  now += 150 * kSecond;
  EXPECT_TRUE(after.on_step(now, {}).empty());
  const auto& events = after.on_step(now + kSecond, {flood_of(now + kSecond, 1)});
  for (const auto& e : events) EXPECT_NE(e.change, IncidentChange::opened);
  ASSERT_EQ(after.open().size(), 2u);
  EXPECT_EQ(after.open()[0]->id, id);
  EXPECT_EQ(after.open()[0]->packets, 3000u) << "what was counted before counts";
  EXPECT_EQ(after.open()[0]->label, "syn_flood");
  // The second is confirmed by nothing any more and ends when it was last seen; the third may still be joined.
  const auto& closing = after.on_step(now + 32 * kSecond, {flood_of(now + 32 * kSecond, 3)});
  ASSERT_EQ(closing.size(), 3u);
  std::map<std::string, IncidentChange> changes;
  for (const auto& e : closing) {
    changes[e.incident->subject] = e.change;
    if (e.incident->subject == "198.51.100.2") {
      EXPECT_EQ(*e.incident->ended, 1020 * kSecond);
    }
  }
  const std::map<std::string, IncidentChange> expected{
      {"198.51.100.1", IncidentChange::closed}, {"198.51.100.2", IncidentChange::closed}, {"198.51.100.3", IncidentChange::updated}};
  EXPECT_EQ(changes, expected);
}

// What an incident says of the capture holds for its own time: the strongest sampling, the losses meanwhile, and once degraded always so.
TEST(Incidents, SayHowTheyWereSeen) {
  Incidents incidents{live()};
  TimeNs now = 1000 * kSecond;
  incidents.note_capture({"tc", 100, 1}, false);
  incidents.note_capture({"tc", 107, 8}, false);
  incidents.on_step(now, {flood_of(now, 1)});
  const auto seen = [&] { return *incidents.open().front(); };
  ASSERT_TRUE(seen().capture);
  EXPECT_EQ(seen().capture->source, "tc");
  EXPECT_EQ(seen().capture->lost, 7u) << "of the moment before it was found, not of the day before";
  EXPECT_EQ(seen().capture->sampling, 8u);
  EXPECT_FALSE(seen().degraded);

  incidents.note_capture({"tc", 120, 64}, true);
  now += kSecond;
  incidents.on_step(now, {flood_of(now, 1)});
  incidents.note_capture({"tc", 120, 1}, false);
  now += kSecond;
  incidents.on_step(now, {flood_of(now, 1)});
  EXPECT_EQ(seen().capture->lost, 20u);
  EXPECT_EQ(seen().capture->sampling, 64u);
  EXPECT_TRUE(seen().degraded);

  // What was lost while it was closed is not its loss.
  incidents.on_step(now + 2 * kMinute, {});
  incidents.note_capture({"tc", 900, 1}, false);
  incidents.note_capture({"tc", 900, 1}, false);
  now += 3 * kMinute;
  incidents.on_step(now, {flood_of(now, 1)});
  EXPECT_EQ(seen().capture->lost, 20u);
}

TEST(Incidents, CapturesHaveNoSuchState) {
  Incidents incidents;
  incidents.on_step(kSecond, {flood_of(kSecond, 1)});
  EXPECT_FALSE(incidents.open().front()->capture);
}

TEST(Incidents, AnalyzeKeepsAll) {
  Incidents incidents;
  TimeNs now = 1000 * kSecond;
  incidents.on_step(now, {flood_of(now, 1)});
  incidents.on_step(now + kMinute, {});
  incidents.on_step(now + 3600 * kSecond, {});
  EXPECT_EQ(incidents.take_all().size(), 1u);
}

}  // namespace
}  // namespace sekisho
