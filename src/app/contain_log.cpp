// Appends to and reads contain.jsonl.
#include "app/contain_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/rooted_folder.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kMaxBytes = 16 << 20;

Json peer_json(const std::optional<ManagementPeer>& p) {
  if (!p) return nullptr;
  return {{"ip", to_string(p->address)}, {"port", p->peer_port}, {"local_port", p->local_port}};
}

std::optional<ManagementPeer> peer_of(const Json& json) {
  if (!json.is_object() || !json.value("ip", Json()).is_string()) return std::nullopt;
  const auto address = parse_address(json["ip"].get_ref<const std::string&>());
  const auto port = [&](const char* name) {
    const auto value = json.value(name, Json());
    return value.is_number_unsigned() ? static_cast<std::uint16_t>(value.get<std::uint64_t>()) : std::uint16_t{0};
  };
  if (!address) return std::nullopt;
  return ManagementPeer{*address, port("local_port"), port("port")};
}

TimeNs now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<void> append_contain_event(const std::string& path, std::string_view event, const ContainRecord& record, const Session& by,
                                  const std::string& rules) {
  const auto fail = [&](int error) { return Error{fmt::format("the record {} cannot be written: {}", escape_hostile(path), std::strerror(error))}; };
  const auto folder = path.substr(0, path.rfind('/'));
  if (!folder.empty() && ::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return fail(errno);
  const Json line{{"time_ns", now()},
                  {"time", format_rfc3339(now())},
                  {"event", event},
                  {"id", record.id},
                  {"target", record.target},
                  {"for_s", record.for_s},
                  {"by", {{"uid", ::geteuid()}, {"login_uid", by.login_uid}, {"session", by.session_id}, {"ssh", peer_json(by.ssh)}}},
                  {"rules", rules}};
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const Fd fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return fail(errno);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail(errno ? errno : EIO);
  if (::fsync(fd.get()) != 0) return fail(errno);
  return {};
}

Result<std::map<std::string, ContainRecord>> read_contain_log(const std::string& path) {
  std::map<std::string, ContainRecord> records;
  const auto files = TRY(RootedFolder::open("/"));
  const auto info = files.followed_info(path);
  if (info.kind == FileKind::missing) return records;
  const auto text = TRY(files.read_at(path, info.size_bytes > kMaxBytes ? info.size_bytes - kMaxBytes : 0, kMaxBytes));
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = Json::parse(rest.substr(0, end), nullptr, false);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.is_object() || !line.value("id", Json()).is_string() || !line.value("event", Json()).is_string() || !line.value("time_ns", Json()).is_number_integer()) continue;
    auto& record = records[line["id"].get<std::string>()];
    const auto& event = line["event"].get_ref<const std::string&>();
    const auto time = line["time_ns"].get<TimeNs>();
    if (event == "started") {
      record.id = line["id"].get<std::string>();
      record.target = escape_hostile(line.value("target", Json()).is_string() ? line["target"].get<std::string>() : "", 300);
      record.started = time;
      record.for_s = line.value("for_s", Json()).is_number_integer() ? line["for_s"].get<std::int64_t>() : 0;
      const auto by = line.value("by", Json());
      if (by.is_object()) {
        record.session_id = by.value("session", Json()).is_number_integer() ? by["session"].get<std::int64_t>() : 0;
        record.ssh = peer_of(by.value("ssh", Json()));
      }
    }
    if (event == "confirmed") record.confirmed = time;
    if (event == "released") record.released = time;
    if (event == "failed") record.failed = true;
  }
  std::erase_if(records, [](const auto& entry) { return entry.second.id.empty(); });
  return records;
}

}  // namespace sekisho
