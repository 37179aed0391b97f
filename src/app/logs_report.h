// What `sekisho logs` found, and its forms: text for people, one JSON document, CSV.
#pragma once
#include <string>
#include <vector>

#include "app/log_pipeline.h"
#include "app/terminal.h"

namespace sekisho {

struct LogInputFacts {
  std::string name;
  LineStats stats;
};

struct LogsReport {
  std::vector<LogInputFacts> inputs;
  std::vector<std::string> unreadable;  // sentences
  LogTally tally;
  std::vector<LoginFact> logins;        // most failures first; `user` is empty here
  struct User {
    LogService service = LogService::none;
    std::string name;
    std::uint64_t failures = 0;
  };
  std::vector<User> users;          // most failures first
  std::size_t distinct_users = 0;   // of all services; a lower bound when the table was full
  std::vector<LogScanFact> scans;   // most lines first
  std::uint64_t requests = 0;
  std::uint64_t evictions = 0;      // sources and users that the tables had no room for: sums are lower bounds
  std::vector<Incident> incidents;
  bool interrupted = false;
};

// `most`: so many sources and users a table; 0 = all.
std::string logs_text(const LogsReport& report, const TextStyle& style, std::size_t most);
std::string logs_json_text(const LogsReport& report);
std::string logs_csv(const LogsReport& report);

// What a source looks like, in a few words: "brute force", "slow brute force", "likely a forgotten password".
std::string_view login_verdict(const LoginFact& fact);

}  // namespace sekisho
