// /api/v1/incidents/{id}/evidence, …/packets and …/bundle: the capture file of an incident, whole or decoded, and all that must be kept.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "web/api.h"

namespace sekisho {
namespace {

constexpr std::size_t kPackets = 200;

// The newest file of the incident, if it lies in the evidence folder: the store is written by the agent, but a path is still only a text.
Result<std::optional<std::string>> evidence_path(const Api& api, StoreReader& reader, const std::string& id) {
  const auto found = TRY(reader.incident(id));
  if (!found) return std::optional<std::string>{};
  const auto files = TRY(evidence_files(reader, *found));
  if (files.empty()) return std::optional<std::string>{};
  std::error_code failed;
  const auto folder = std::filesystem::canonical(api.lent.evidence_dir, failed);
  const auto file = std::filesystem::canonical(files.back().path, failed);
  if (failed) return Error{fmt::format("{} cannot be read: {}", escape_hostile(files.back().path), failed.message())};
  if (file.parent_path() != folder)
    return Error{fmt::format("{} lies outside of the evidence folder {}: set [evidence] dir to the agent's", escape_hostile(file.string()),
                             escape_hostile(folder.string()))};
  return std::optional{file.string()};
}

HttpResponse send_file(const std::string& path, const char* type) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat facts {};
  if (fd < 0 || ::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    if (fd >= 0) ::close(fd);
    return error_response(503, "The file cannot be read.", fmt::format("May this process read {}?", escape_hostile(path)));
  }
  HttpResponse response;
  response.type = type;
  response.headers.emplace_back(
      "Content-Disposition", fmt::format("attachment; filename=\"{}\"", escape_hostile(std::filesystem::path{path}.filename().string())));
  response.file = fd;
  response.file_bytes = static_cast<std::uint64_t>(facts.st_size);
  return response;
}

// The agent makes it: only that may read the process and its program. Asked again until it is ready.
HttpResponse bundle(const Api& api, Call& call, bool file) {
  if (!api.agent.running()) return error_response(503, "The agent is not running.", "On the server: sekisho show ID --bundle FILE");
  const auto said = api.agent.ask("bundle", dump({{"id", call.parameters["id"]}, {"by", call.visitor.name}}), call.visitor.role);
  if (!said.ok()) return error_response(said.error().kind == ErrorKind::usage ? 404 : 503, escape_hostile(said.error().message, 300));
  const auto answer = Json::parse(said.value(), nullptr, false);
  if (!answer.is_object()) return error_response(503, "The agent's answer cannot be read.");
  const auto state = answer.value("state", std::string{});
  if (!file)
    return json_response(
        {{"schema", 1}, {"state", state}, {"bytes", answer.value("bytes", Json(0))}, {"message", answer.value("message", "")}});
  if (state != "ready") return error_response(409, "The bundle is not ready.", "POST asks for it and says how far it is.");
  std::error_code failed;
  const auto path = std::filesystem::canonical(answer.value("path", std::string{}), failed);
  if (failed || path.parent_path() != std::filesystem::canonical(api.lent.evidence_dir, failed))
    return error_response(503, "The bundle cannot be read.", "Set [evidence] dir to the agent's.");
  return send_file(path.string(), "application/zstd");
}

HttpResponse no_evidence() {
  return error_response(404, "No packets were kept for this incident.", "The agent keeps them when it has an evidence folder.");
}

HttpResponse download(const Api& api, Call& call) {
  auto reader = call.worker.store();
  if (!reader.ok()) return store_failed(reader.error());
  const auto path = evidence_path(api, *reader.value(), call.parameters["id"]);
  if (!path.ok()) return error_response(503, "The evidence cannot be read.", path.error().message);
  if (!path.value()) return no_evidence();
  return send_file(*path.value(), "application/x-pcapng");
}

HttpResponse packets(const Api& api, Call& call) {
  const auto limit = number_of(call, "limit", kPackets, 1, kPackets);
  if (!limit.ok()) return error_response(400, limit.error().message);
  auto reader = call.worker.store();
  if (!reader.ok()) return store_failed(reader.error());
  const auto path = evidence_path(api, *reader.value(), call.parameters["id"]);
  if (!path.ok()) return error_response(503, "The evidence cannot be read.", path.error().message);
  if (!path.value()) return no_evidence();
  // One more than is shown tells whether there is more.
  const auto decoded = api.lent.packets(*path.value(), limit.value() + 1);
  if (!decoded.ok()) return error_response(503, "The evidence cannot be decoded.", decoded.error().message);
  auto list = Json::parse(decoded.value(), nullptr, false);
  if (!list.is_array()) return error_response(500, "The evidence cannot be decoded.");
  const bool more = list.size() > limit.value();
  if (more) list.erase(list.end() - 1);
  return json_response({{"schema", 1}, {"packets", std::move(list)}, {"more", more}});
}

}  // namespace

Result<std::vector<EvidenceRecord>> evidence_files(StoreReader& reader, const StoredIncident& incident) {
  auto files = TRY(reader.evidence(incident.id));
  if (!files.empty()) return files;
  const auto object = Json::parse(incident.json, nullptr, false);
  if (!object.is_object() || !object.contains("evidence") || !object["evidence"].is_string()) return files;
  EvidenceRecord record{incident.id, object["evidence"].get<std::string>(), "", 0, 0, incident.updated};
  std::error_code missing;
  record.bytes = std::filesystem::file_size(record.path, missing);
  if (!missing) files.push_back(std::move(record));
  return files;
}

void add_evidence_routes(Routes& routes, const Api& api) {
  routes.add("GET", "/api/v1/incidents/{id}/evidence", Role::viewer, [&api](Call& call) { return download(api, call); });
  routes.add("GET", "/api/v1/incidents/{id}/packets", Role::viewer, [&api](Call& call) { return packets(api, call); });
  routes.add("POST", "/api/v1/incidents/{id}/bundle", Role::operator_, [&api](Call& call) { return bundle(api, call, false); });
  routes.add("GET", "/api/v1/incidents/{id}/bundle", Role::operator_, [&api](Call& call) { return bundle(api, call, true); });
}

}  // namespace sekisho
