// Reads the incidents that may go on.
#include "app/former_run.h"

#include <fmt/format.h>

#include "app/incident_state.h"
#include "app/time_words.h"
#include "base/log.h"
#include "incident/incidents.h"

namespace sekisho {

std::vector<Incident> former_incidents(const std::string& store_path) {
  const auto read = [&]() -> Result<std::vector<StoredIncident>> {
    auto reader = TRY(open_store_reader(store_path));
    IncidentFilter filter;
    const IncidentSettings settings;
    filter.since = wall_clock() - settings.reopen_noise_within;
    filter.limit = settings.max_open + settings.max_closed;
    return reader->incidents(filter);
  };
  auto rows = read();
  if (!rows.ok()) {
    log_warning(fmt::format("incidents of the former run cannot be taken up again: {}", rows.error().message));
    return {};
  }
  std::vector<Incident> known;
  for (const auto& row : rows.value())
    if (auto incident = parse_incident_state(row.state)) known.push_back(std::move(*incident));
  return known;
}

}  // namespace sekisho
