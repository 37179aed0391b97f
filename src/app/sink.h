// Sink: the door for everything that wants to know what the agent sees: store, control socket, console, alerts, response.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "incident/incidents.h"
#include "model/traffic_second.h"

namespace sekisho {

// A change of an incident, as it is told. The incident is a copy, shared by all sinks.
struct IncidentNotice {
  IncidentChange change = IncidentChange::opened;
  // "opened" "worse" (more severe) "changed" (label or shape) "closed" "reopened" "resumed" (after a restart) "attributed" (its process is
  // known now): worth telling; "progress": only numbers have grown; "past": found in what a log held before the agent's first start.
  std::string_view what;
  TimeNs time = 0;
  std::shared_ptr<const Incident> incident;
  bool worth_telling() const { return what != "progress" && what != "changed" && what != "resumed" && what != "past"; }
};

// A second of the clock, about a second after it ended.
struct LiveSecond {
  TrafficSecond traffic;
  std::size_t open_incidents = 0;
  std::uint64_t packets_in = 0, packets_out = 0, dropped = 0;  // since the agent's start
};

// on_incident and on_second are called by the agent's thread, must not block and must not throw: a sink that does slow things posts them to
// a Worker of its own.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void on_incident(const IncidentNotice& notice) { static_cast<void>(notice); }
  virtual void on_second(const std::shared_ptr<const LiveSecond>& second) { static_cast<void>(second); }
  // Nothing more comes: finish what is queued.
  virtual void finish() {}
};

}  // namespace sekisho
