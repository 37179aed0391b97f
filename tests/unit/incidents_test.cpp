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
