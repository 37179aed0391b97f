// Written and read through libarchive; every part is hashed on its way.
#include "app/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "app/command.h"
#include "app/history_json.h"
#include "app/incident_state.h"
#include "app/socket_watch.h"
#include "app/time_words.h"
#include "base/fd.h"
#include "base/sha256.h"
#include "base/text.h"
#include "response/nft.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t kMostExecutable = 256ULL << 20, kMostManifest = 16 << 20;
constexpr std::size_t kMostParts = 10'000, kMostProc = 4 << 20;

struct FreeWriter {
  void operator()(archive* a) const { ::archive_write_free(a); }
};
struct FreeReader {
  void operator()(archive* a) const { ::archive_read_free(a); }
};
struct FreeEntry {
  void operator()(archive_entry* e) const { ::archive_entry_free(e); }
};

std::string why(archive* a) {
  const char* text = ::archive_error_string(a);
  return text ? escape_hostile(text, 300) : "no reason is told";
}

class Writer {
 public:
  static Result<Writer> open(const std::string& path) {
    Writer w;
    w.file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!w.file_)
      return Error{
          fmt::format("{}: {}", escape_hostile(path), errno == EEXIST ? "is there already: name another file" : std::strerror(errno)),
          ErrorKind::usage};
    w.out_.reset(::archive_write_new());
    if (::archive_write_add_filter_zstd(w.out_.get()) != ARCHIVE_OK ||
        ::archive_write_set_format_pax_restricted(w.out_.get()) != ARCHIVE_OK ||
        ::archive_write_open_fd(w.out_.get(), w.file_.get()) != ARCHIVE_OK)
      return Error{fmt::format("the archive cannot be begun: {}", why(w.out_.get()))};
    return w;
  }

  Result<void> add(const std::string& name, std::string_view text) {
    TRY(begin(name, text.size()));
    TRY(data(text.data(), text.size()));
    note(name, text.size(), sha256_hex(text));
    return {};
  }

  // The file as it is now: when it grows meanwhile, what was there at the beginning.
  Result<void> add_file(const std::string& name, const std::string& path, std::uint64_t most) {
    const Fd in{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat facts {};
    if (!in || ::fstat(in.get(), &facts) != 0) return Error{fmt::format("{}: {}", escape_hostile(path), std::strerror(errno))};
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (!S_ISREG(facts.st_mode) || size > most)
      return Error{fmt::format("{}: no plain file of at most {}", escape_hostile(path), format_bytes(most))};
    TRY(begin(name, size));
    Sha256 sum;
    std::string block(1 << 16, '\0');
    for (std::uint64_t left = size; left > 0;) {
      const auto got = ::read(in.get(), block.data(), std::min<std::uint64_t>(left, block.size()));
      if (got < 0 && errno == EINTR) continue;
      // What the heading promised must come: a file that shrank is filled with zeros, and its hash says what was written.
      const auto n = got > 0 ? static_cast<std::size_t>(got) : static_cast<std::size_t>(std::min<std::uint64_t>(left, block.size()));
      if (got <= 0) std::memset(block.data(), 0, n);
      TRY(data(block.data(), n));
      sum.add(std::string_view{block.data(), n});
      left -= n;
    }
    note(name, size, sum.hex());
    return {};
  }

  Result<std::uint64_t> finish(Json manifest) {
    manifest["parts"] = parts_;
    const auto text = manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    TRY(begin("manifest.json", text.size()));
    TRY(data(text.data(), text.size()));
    if (::archive_write_close(out_.get()) != ARCHIVE_OK) return Error{fmt::format("the archive cannot be ended: {}", why(out_.get()))};
    struct stat facts {};
    if (::fsync(file_.get()) != 0 || ::fstat(file_.get(), &facts) != 0)
      return Error{fmt::format("the archive cannot be kept: {}", std::strerror(errno))};
    return static_cast<std::uint64_t>(facts.st_size);
  }
  std::size_t parts() const { return parts_.size(); }

 private:
  Result<void> begin(const std::string& name, std::uint64_t size) {
    const std::unique_ptr<archive_entry, FreeEntry> entry{::archive_entry_new()};
    ::archive_entry_set_pathname(entry.get(), name.c_str());
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0400);  // nothing in it is to be run
    ::archive_entry_set_mtime(entry.get(), static_cast<time_t>(wall_clock() / kSecond), 0);
    if (::archive_write_header(out_.get(), entry.get()) == ARCHIVE_OK) return {};
    return Error{fmt::format("{} cannot be written: {}", name, why(out_.get()))};
  }
  Result<void> data(const void* bytes, std::size_t size) {
    if (::archive_write_data(out_.get(), bytes, size) == static_cast<la_ssize_t>(size)) return {};
    return Error{fmt::format("the archive cannot be written: {}", why(out_.get()))};
  }
  void note(const std::string& name, std::uint64_t size, const std::string& sum) {
    parts_.push_back({{"name", name}, {"bytes", size}, {"sha256", sum}});
  }

  Fd file_;
  std::unique_ptr<archive, FreeWriter> out_;
  Json parts_ = Json::array();
};

// A file of /proc has no size beforehand.
std::string proc_text(const std::string& path) {
  const Fd in{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text;
  char block[65'536];
  for (ssize_t got = 0; in && text.size() < kMostProc && (got = ::read(in.get(), block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(got));
  return text;
}

std::string descriptors(const std::string& folder) {
  std::string list;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{folder + "/fd", error}) {
    std::error_code broken;
    list += fmt::format("{} -> {}\n", entry.path().filename().string(),
                        escape_hostile(std::filesystem::read_symlink(entry.path(), broken).string(), 4096));
  }
  return list;
}

// The process as it is now, if it still is the one: environment and memory are left alone, they hold secrets of others.
Result<void> add_process(Writer& out, const ProcessFact& process, std::vector<std::string>& left_out) {
  Process now;
  const auto folder = fmt::format("/proc/{}", process.pid);
  const bool same = ProcessTable::read(process.pid, now) && (process.exe == now.exe || process.exe == now.comm);
  if (!same) {
    left_out.push_back(fmt::format("process {} has ended: its memory maps, files and executable are gone", process.pid));
    return {};
  }
  for (const auto* name : {"status", "cmdline", "maps", "cgroup", "limits", "stat", "io", "mountinfo"})
    if (const auto text = proc_text(folder + "/" + name); !text.empty()) TRY(out.add(fmt::format("process/{}", name), text));
  TRY(out.add("process/descriptors", descriptors(folder)));
  if (const auto copied = out.add_file("process/executable", folder + "/exe", kMostExecutable); !copied.ok())
    left_out.push_back(fmt::format("the executable: {}", copied.error().message));
  return {};
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? escape_hostile(name, 255) : "";
}

Result<BundleResult> fill(const std::string& path, const BundleInput& input) {
  auto out = TRY(Writer::open(path));
  BundleResult result;
  TRY(out.add("incident.json", incident_document(*input.row, input.timeline, input.files) + "\n"));
  TRY(out.add("report.txt", input.report));
  for (const auto& file : input.files) {
    const auto name = "evidence/" + std::filesystem::path{file.path}.filename().string();
    if (const auto done = out.add_file(name, file.path, 8ULL << 30); !done.ok()) result.left_out.push_back(done.error().message);
  }
  const auto incident = parse_incident_state(input.row->state);
  if (input.files.empty()) {
    // While it goes on its file is not in the index yet: as much as has been written is kept.
    const auto open = incident ? incident->evidence_path : std::string{};
    const auto done = open.empty() ? Result<void>{Error{"no packets were kept of this incident"}}
                                   : out.add_file("evidence/" + std::filesystem::path{open}.filename().string(), open, 8ULL << 30);
    result.left_out.push_back(done.ok() ? "packets from after this bundle: the incident goes on" : done.error().message);
  }
  if (incident && incident->process)
    TRY(add_process(out, *incident->process, result.left_out));
  else
    result.left_out.emplace_back("the process: it is not known");
  TRY(out.add("sockets.json", SocketWatch::connections_json(2000, "") + "\n"));
  if (auto rules = Nft{}.list_text("list ruleset"); rules.ok())
    TRY(out.add("rules.nft", rules.value()));
  else
    result.left_out.push_back(fmt::format("the firewall's rules: {}", rules.error().message));
  const Json manifest{{"schema", 1},
                      {"what", "sekisho bundle"},
                      {"incident", input.row->id},
                      {"host", host_name()},
                      {"made", format_rfc3339(wall_clock())},
                      {"version", SEKISHO_VERSION},
                      {"left_out", result.left_out}};
  result.bytes = TRY(out.finish(manifest));
  result.parts = out.parts();
  return result;
}

}  // namespace

Result<BundleResult> write_bundle(const std::string& path, const BundleInput& input) {
  auto done = fill(path, input);
  if (!done.ok() && done.error().kind != ErrorKind::usage) ::unlink(path.c_str());  // half an archive proves nothing
  return done;
}

Result<BundleCheck> check_bundle(const std::string& path) {
  const std::unique_ptr<archive, FreeReader> in{::archive_read_new()};
  ::archive_read_support_filter_zstd(in.get());
  ::archive_read_support_format_tar(in.get());
  if (::archive_read_open_filename(in.get(), path.c_str(), 1 << 16) != ARCHIVE_OK)
    return Error{fmt::format("{}: {}", escape_hostile(path), why(in.get()))};
  std::map<std::string, std::string> sums;
  std::string manifest;
  BundleCheck check;
  for (;;) {
    archive_entry* entry = nullptr;
    const int state = ::archive_read_next_header(in.get(), &entry);
    if (state == ARCHIVE_EOF) break;
    if (state != ARCHIVE_OK) return Error{fmt::format("{} is damaged: {}", escape_hostile(path), why(in.get()))};
    if (sums.size() >= kMostParts) return Error{fmt::format("{} has too many parts for a bundle", escape_hostile(path))};
    const char* given = ::archive_entry_pathname(entry);
    const std::string name = given ? given : "";
    Sha256 sum;
    std::string block(1 << 16, '\0');
    for (;;) {
      const auto got = ::archive_read_data(in.get(), block.data(), block.size());
      if (got == 0) break;
      if (got < 0) return Error{fmt::format("{} is damaged in {}: {}", escape_hostile(path), escape_hostile(name, 200), why(in.get()))};
      const std::string_view part{block.data(), static_cast<std::size_t>(got)};
      sum.add(part);
      if (name == "manifest.json" && manifest.size() < kMostManifest) manifest += part;
    }
    if (name != "manifest.json" && !sums.emplace(name, sum.hex()).second)
      check.bad.push_back(fmt::format("{} is there twice", escape_hostile(name, 200)));
  }
  const auto told = Json::parse(manifest, nullptr, false);
  if (!told.is_object() || told.value("what", "") != "sekisho bundle" || !told.contains("parts") || !told["parts"].is_array())
    return Error{fmt::format("{} is no bundle of sekisho: it has no manifest", escape_hostile(path))};
  for (const auto& part : told["parts"]) {
    const auto name = part.is_object() ? part.value("name", "") : "";
    const auto found = sums.find(name);
    if (found == sums.end())
      check.bad.push_back(fmt::format("{} is missing", escape_hostile(name, 200)));
    else if (found->second != part.value("sha256", ""))
      check.bad.push_back(fmt::format("{} is not what was kept", escape_hostile(name, 200)));
    else
      ++check.good;
    if (found != sums.end()) sums.erase(found);
  }
  for (const auto& [name, sum] : sums) check.bad.push_back(fmt::format("{} is not in the manifest", escape_hostile(name, 200)));
  check.about = fmt::format("incident {} on {}, kept {}", escape_hostile(told.value("incident", ""), 60),
                            escape_hostile(told.value("host", ""), 100), escape_hostile(told.value("made", ""), 40));
  return check;
}

int run_bundle_verify(const std::string& path, bool json) {
  auto check = check_bundle(path);
  if (!check.ok()) return fail(check.error());
  if (json) {
    fmt::print("{}\n", Json{{"schema", 1}, {"good", check->good}, {"bad", check->bad}, {"about", check->about}}.dump(
                           -1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}: {} parts as they were kept\n", check->about, check->good);
    for (const auto& bad : check->bad) fmt::print("CHANGED: {}\n", bad);
  }
  return check->bad.empty() ? 0 : 1;
}

}  // namespace sekisho
