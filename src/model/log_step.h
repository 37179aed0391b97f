// LogStep: everything counted about the log lines of one step; the twin of Step for logs. Facts are about sources that changed in it.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/log_event.h"

namespace sekisho {

// Who tried to log in: one IPv4 address, or one IPv6 /64 (a single machine has all of it). Cumulative since first seen or last evicted.
struct LoginFact {
  Network source;
  LogService service = LogService::none;
  bool honeypot = false;
  TimeNs first_seen = 0, last_seen = 0;
  std::uint32_t failures = 0;            // since first seen
  std::uint32_t failures_10min = 0;      // within the last ten minutes
  std::uint32_t failures_hour = 0;       // within the last hour
  std::uint32_t failures_day = 0;        // within the last 24 hours
  std::uint32_t new_failures = 0;        // since the last report of this source
  std::uint32_t users_10min = 0;         // distinct users tried within ten minutes; at most 16
  std::uint32_t users = 0;               // distinct users tried that are remembered; 16 = so many or more
  std::uint32_t peak_10min = 0, peak_users = 0;  // the largest failures_10min and users_10min so far
  std::uint32_t worst_success = 0;       // the largest failures_before_success so far
  std::uint32_t probes = 0, successes = 0;
  std::uint32_t default_users = 0;       // failures with a user that devices come with (root, admin, ubnt, …)
  std::uint32_t mirai_credentials = 0;   // honeypot: user and password from Mirai's list
  // Set in the step of a success only: how many failures of the last 24 hours it follows; 0 = none, or no success.
  std::uint32_t failures_before_success = 0;
  std::uint32_t failures_same_user = 0;  // how many of those had the user that then succeeded, as far as they are remembered
  bool key_login = false;
  std::string_view user;                 // tried or logged in last; hostile text, at most 31 bytes; valid during the step
};

// Ten and more sources that try the same users two to five times each: nobody is loud, together they are.
struct DistributedFact {
  LogService service = LogService::none;
  TimeNs first_seen = 0;
  std::uint32_t sources = 0, tries = 0;  // within the last hour
  std::uint32_t users = 0;               // that so many sources share
  std::array<std::string_view, 4> names{};  // of them; hostile text; empty = fewer
  std::array<Network, 20> examples{};
  std::size_t examples_count = 0;
};

// What a firewall's LOG lines say about one remote source (ingress) or one of our own addresses (egress). Lines are samples: rules limit
// their rate, so counts are lower bounds.
struct LogScanFact {
  Direction direction = Direction::ingress;
  Network source;        // who sent the packets
  Address destination;   // the last one
  TimeNs first_seen = 0, last_seen = 0;
  std::uint64_t lines = 0;
  std::uint64_t new_lines = 0;  // since the last report
  std::uint32_t syns = 0;
  std::uint32_t with_seq = 0;          // SYNs whose line has SEQ
  std::uint32_t fingerprint = 0;       // of them with SEQ equal to the destination's address
  std::uint32_t device_port_syns = 0;  // to ports that say "device" (model/device_ports.h)
  std::uint32_t plain_syns = 0;        // without TCP options, where the line tells
  std::uint32_t ports_minute = 0, ports = 0;  // distinct destination ports: within a minute, in all (estimates; saturate near 500)
  std::uint32_t destinations = 0;             // distinct destination addresses (estimate; saturates near 500)
  std::uint8_t ttl = 0;
  struct Port {
    std::uint16_t port = 0;
    std::uint32_t lines = 0;
  };
  std::array<Port, 8> first_ports{};  // by order of appearance
  std::string_view prefix;            // of the rule; administrator's text, still escaped when shown
};

// One second of a web server's log.
struct RequestShare {
  std::string_view text;  // path or agent; hostile; at most 63 bytes; valid during the step
  std::uint32_t requests = 0;
};
struct RequestFact {
  TimeNs time = 0;  // end of the second
  std::uint32_t requests = 0;
  std::uint32_t client_errors = 0, server_errors = 0;  // 4xx, 5xx
  std::uint32_t sources = 0;                           // distinct; saturates at 4,096
  RequestShare top_path, top_agent;
  struct Source {
    Network source;
    std::uint32_t requests = 0;
  };
  std::array<Source, 8> top_sources{};  // most requests first; requests 0 = fewer
  double normal_rps = 0;                // median of the last five minutes' busy seconds; 0 = nothing learned yet
  std::uint32_t learned_seconds = 0;
};
// One source of requests over the last ten seconds.
struct RequestSourceFact {
  Network source;
  TimeNs first_seen = 0;
  std::uint32_t requests_10s = 0;
  std::uint64_t requests = 0;
};

// A command typed into a decoy after its login.
struct DecoyCommandFact {
  Network source;
  TimeNs time = 0;
  bool busybox = false;   // "/bin/busybox TAG": a loader of the Mirai family asks which shell it has
  bool download = false;  // wget, curl, tftp, ftpget
  std::string_view command;  // hostile; at most 127 bytes; valid during the step
};

struct LogStep {
  TimeNs time = 0;    // end of the step
  bool last = false;  // the input ends here
  std::span<const LoginFact> logins;
  std::span<const DistributedFact> distributed;
  std::span<const LogScanFact> scans;
  std::span<const RequestFact> requests;  // seconds that ended in this step
  std::span<const RequestSourceFact> request_sources;
  std::span<const DecoyCommandFact> commands;
};
constexpr DurationNs kLogStep = kSecond;

// One source's hits on one service, for the store's history: what came since the last report.
struct LogHit {
  Network source;
  LogService service = LogService::none;
  Direction direction = Direction::ingress;
  std::uint16_t port = 0;  // local; 0 = several or not known
  TimeNs first_seen = 0, last_seen = 0;  // of these hits
  std::uint32_t hits = 0;                // failed logins, LOG lines, or requests
  std::uint32_t successes = 0;           // logins that succeeded
  bool fingerprint = false;              // the Mirai mark was seen
};

}  // namespace sekisho
