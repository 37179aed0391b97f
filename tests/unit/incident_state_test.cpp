// An incident survives being stored: every member comes back, hostile text included, and damage is refused.
#include "app/incident_state.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/incident_json.h"
#include "sample_analysis.h"

namespace sekisho {
namespace {

TEST(IncidentState, ComesBackWhole) {
  for (auto analysis : {samples::attacked(), samples::taking_part()})
    for (auto incident : analysis.incidents) {
      Selector selector;
      selector.direction = Direction::egress;
      selector.locals = {samples::ip("203.0.113.5")}, selector.remotes = {samples::ip("2001:db8::1")};
      selector.classes.set(index_of(TrafficClass::udp));
      selector.classes.set(index_of(TrafficClass::amp_first));
      selector.local_ports = {443}, selector.remote_ports = {53, 123};
      selector.both_ways = true;
      incident.selectors = {selector};
      incident.memory = {"flood|in|203.0.113.5", incident.started + kSecond, 12.5, 4};
      incident.capture = CaptureState{"tc", 12, 64};
      const auto back = parse_incident_state(incident_state(incident));
      ASSERT_TRUE(back);
      // The contract object shows nearly all members.
      EXPECT_EQ(incident_json(*back).dump(), incident_json(incident).dump());
      EXPECT_EQ(back->normal_pps, incident.normal_pps);
      EXPECT_EQ(back->headline, incident.headline);
      EXPECT_EQ(back->evidence, incident.evidence);
      EXPECT_EQ(back->counter_evidence, incident.counter_evidence);
      EXPECT_EQ(back->ended, incident.ended);
      ASSERT_EQ(back->rates.size(), incident.rates.size());
      if (!back->rates.empty()) {
        EXPECT_NEAR(back->rates.back().bps, incident.rates.back().bps, 1);
      }
      EXPECT_EQ(back->memory.key, incident.memory.key);
      EXPECT_EQ(back->memory.last_finding, incident.memory.last_finding);
      EXPECT_EQ(back->memory.list_total, 12.5);
      EXPECT_EQ(back->memory.bursts, 4U);
      ASSERT_EQ(back->selectors.size(), 1U);
      EXPECT_EQ(back->selectors[0].locals, selector.locals);
      EXPECT_EQ(back->selectors[0].remotes, selector.remotes);
      EXPECT_EQ(back->selectors[0].classes, selector.classes);
      EXPECT_EQ(back->selectors[0].remote_ports, selector.remote_ports);
      EXPECT_TRUE(back->selectors[0].both_ways);
      EXPECT_EQ(back->selectors[0].direction, Direction::egress);
    }
}

TEST(IncidentState, HostileTextAndUnknownLabelsSurvive) {
  for (const auto& incident : samples::hostile().incidents) {
    const auto back = parse_incident_state(incident_state(incident));
    ASSERT_TRUE(back);
    EXPECT_TRUE(nlohmann::json::accept(incident_json(*back).dump()));
    EXPECT_TRUE(back->process);
  }
  auto future = samples::mirai_scan();
  future.label = "a_label_of_tomorrow";
  EXPECT_EQ(parse_incident_state(incident_state(future))->label, "a_label_of_tomorrow");
}

TEST(IncidentState, DamageIsNoIncident) {
  EXPECT_FALSE(parse_incident_state(""));
  EXPECT_FALSE(parse_incident_state("{"));
  EXPECT_FALSE(parse_incident_state("[]"));
  EXPECT_FALSE(parse_incident_state("{}"));
  // Wrong types leave the defaults.
  const auto odd = parse_incident_state(
      R"({"id":7,"kind":[],"labels":{"a":1},"rates":[1,[1,2]],"peers":[["x",1,2]],"selectors":[7],"process":[],"packets":"many"})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->packets, 0U);
  EXPECT_TRUE(odd->selectors.empty());
}

TEST(IncidentState, ARowHasTheContractObject) {
  const auto incident = samples::dns_amplification();
  const auto row = stored_incident(incident, incident.detected);
  EXPECT_EQ(row.json, incident_json(incident).dump());
  EXPECT_EQ(row.kind, "flood");
  EXPECT_EQ(row.ended, incident.ended);
  const IncidentNotice told{IncidentChange::opened, "opened", incident.detected, std::make_shared<const Incident>(incident)};
  EXPECT_EQ(timeline_entry(told)->what, "opened");
  auto grown = told;
  grown.what = "progress";
  EXPECT_FALSE(timeline_entry(grown));
}

}  // namespace
}  // namespace sekisho
