// The REST interface, version 1: docs/rest.md describes it, openapi.json is its machine-readable form.
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"
#include "web/agent_link.h"
#include "web/places.h"
#include "web/routes.h"
#include "web/site.h"

namespace sekisho {

class Fleet;

// What this room may not know itself and app lends it. Called by several threads at once.
struct Lent {
  std::string version, host;
  std::string settings;  // JSON: what `sekisho config show --json` prints, with text, help and expected for each setting
  // JSON object: what a screen shows beyond docs/incident.md (docs/rest.md lists it).
  std::function<std::string(const StoredIncident&)> details;
  // JSON array of the first packets of a capture file, decoded; at most `limit`.
  std::function<Result<std::string>(const std::string& path, std::size_t limit)> packets;
  // JSON object: the story of an address or network, as `sekisho show ADDRESS --json` has it; `ask`: a request to the agent.
  std::function<Result<std::string>(StoreReader& reader, const Network& network, TimeNs since, TimeNs until,
                                    const std::function<Result<std::string>(const std::string& verb, const std::string& with)>& ask)>
      story;
  std::string evidence_dir;
};

// Lives as long as the server; its routes keep a reference.
struct Api {
  Lent lent;
  AgentLink& agent;
  Places& places;
  Site* site = nullptr;  // for /metrics; set before the first request
  Workers* workers = nullptr;
  Access* access = nullptr;
  const Fleet* fleet = nullptr;  // none: no other servers are configured
  bool open_metrics = false;     // /metrics without a token
};

void add_api_routes(Routes& routes, const Api& api);

// One for each file api_*.cpp.
void add_status_routes(Routes& routes, const Api& api);
void add_incident_routes(Routes& routes, const Api& api);
void add_action_routes(Routes& routes, const Api& api);
void add_evidence_routes(Routes& routes, const Api& api);
void add_series_routes(Routes& routes, const Api& api);
void add_scanner_routes(Routes& routes, const Api& api);
void add_address_route(Routes& routes, const Api& api);
void add_table_routes(Routes& routes, const Api& api);
void add_settings_routes(Routes& routes, const Api& api);
void add_metrics_route(Routes& routes, const Api& api);

// What answers share.

using Json = nlohmann::ordered_json;
std::string dump(const Json& json);  // one line; what is no UTF-8 is replaced
HttpResponse json_response(const Json& document);
// `rows`: an array of flat objects: as it is in `document`, or with ?format=csv as a table of its columns; ?download=1: with a file name.
HttpResponse rows_response(const Call& call, const Json& document, const Json& rows, const std::string& name);
// RFC 4180, with a header line; what a spreadsheet would take for a formula is preceded by an apostrophe.
std::string to_csv(const Json& rows);
// The answer when the store cannot be read: 503 with the reason. A store that is not there yet is no error: see store_or_none().
HttpResponse store_failed(const Error& error);

// `name` of the query as a time (parse_when); `otherwise` when it is not given. An error names it.
Result<TimeNs> time_of(const Call& call, const std::string& name, TimeNs otherwise);
Result<std::uint64_t> number_of(const Call& call, const std::string& name, std::uint64_t otherwise, std::uint64_t least,
                                std::uint64_t most);
// from/to, or last=SECONDS, or last=15m; to is now by default.
struct Span {
  TimeNs from = 0, to = 0;
};
Result<Span> span_of(const Call& call, std::uint64_t last_s);

// The capture files of an incident: those of the index, or the one that the incident itself names.
Result<std::vector<EvidenceRecord>> evidence_files(StoreReader& reader, const StoredIncident& incident);
// The incident of docs/incident.md with the details for screens, and networks and countries of its peers.
Json incident_with_details(const Api& api, const StoredIncident& incident);

}  // namespace sekisho
