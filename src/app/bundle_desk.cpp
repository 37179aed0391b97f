// A worker makes what `sekisho show ID --bundle FILE` would.
#include "app/bundle_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/bundle.h"
#include "app/incident_state.h"
#include "app/json_parts.h"
#include "app/report_text.h"
#include "app/time_words.h"
#include "app/who_asks.h"
#include "base/text.h"
#include "store/store.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "bundle-", kSuffix = ".tar.zst";

}  // namespace

BundleDesk::BundleDesk(std::string store_path, std::string folder, StoreSink& store)
    : store_path_(std::move(store_path)), folder_(std::move(folder)), store_(store), worker_("bundles", 16) {}

void BundleDesk::add_requests(ControlServer& server) {
  server.on("bundle", Role::operator_, [this](const ControlRequest& request) { return answer(request); });
}

Result<std::string> BundleDesk::answer(const ControlRequest& request) {
  const auto id = raw_text_of(nlohmann::json::parse(request.with, nullptr, false), "id");
  if (id.empty() || id.size() > 100) return Error{"'id' must be an incident's id", ErrorKind::usage};
  if (folder_.empty()) return Error{"this agent has no evidence folder: set [evidence] dir", ErrorKind::usage};
  const auto reader = TRY(open_store_reader(store_path_));
  const auto found = TRY(reader->incident(id));
  if (!found) return Error{fmt::format("there is no incident '{}'", escape_hostile(id, 60)), ErrorKind::usage};
  const std::lock_guard lock{mutex_};
  auto& job = jobs_[found->id];
  const bool stale = job.updated != found->updated || !fs::exists(job.path);
  if (job.state.empty() || (job.state == "ready" && stale) || (job.state == "failed" && stale)) {
    job = {"making", (fs::path{folder_} / fmt::format("{}{}{}", kPrefix, found->id, kSuffix)).string(), "", 0, found->updated};
    if (!worker_.post([this, id = found->id, updated = found->updated] { make(id, updated); })) {
      jobs_.erase(found->id);
      return Error{"too many bundles are being made: try again soon"};
    }
    store_.write(
        [entry = AuditEntry{0, wall_clock(), who_asks(request), "bundle", found->id, {}, {}}](StoreWriter& writer) -> Result<void> {
          TRY(writer.append_audit(entry));
          return {};
        });
  }
  return nlohmann::ordered_json{{"schema", 1},      {"id", found->id},    {"state", job.state},
                                {"path", job.path}, {"bytes", job.bytes}, {"message", job.message}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void BundleDesk::make(const std::string& id, TimeNs updated) {
  const auto path = (fs::path{folder_} / fmt::format("{}{}{}", kPrefix, id, kSuffix)).string();
  auto made = [&]() -> Result<BundleResult> {
    const auto reader = TRY(open_store_reader(store_path_));
    const auto found = TRY(reader->incident(id));
    if (!found) return Error{"the incident is no longer kept"};
    BundleInput input;
    input.row = &*found;
    input.timeline = TRY(reader->timeline(id));
    input.files = TRY(reader->evidence(id));
    const auto incident = parse_incident_state(found->state);
    input.report = incident ? text_incident(*incident, {}) : found->json;
    std::error_code ignored;
    fs::create_directories(folder_, ignored);
    fs::remove(path, ignored);
    remove_oldest();
    return write_bundle(path, input);
  }();
  std::string left_out;
  if (made.ok())
    for (const auto& what : made->left_out) left_out += (left_out.empty() ? "left out: " : "; ") + escape_hostile(what, 300);
  const std::lock_guard lock{mutex_};
  auto& job = jobs_[id];
  job.state = made.ok() ? "ready" : "failed";
  job.bytes = made.ok() ? made->bytes : 0;
  job.message = made.ok() ? left_out : made.error().message;
  job.updated = updated;
  job.path = path;
}

// Room for one more.
void BundleDesk::remove_oldest() const {
  std::vector<fs::directory_entry> bundles;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{folder_, failed})
    if (const auto name = entry.path().filename().string(); name.starts_with(kPrefix) && name.ends_with(kSuffix)) bundles.push_back(entry);
  std::sort(bundles.begin(), bundles.end(), [](const auto& a, const auto& b) {
    std::error_code missing;
    return a.last_write_time(missing) < b.last_write_time(missing);
  });
  for (std::size_t i = 0; i + kMostKept <= bundles.size(); ++i) fs::remove(bundles[i].path(), failed);
}

}  // namespace sekisho
