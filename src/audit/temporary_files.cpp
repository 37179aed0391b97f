// Programs in temporary folders: ELF files, packed ones named, droppers' scripts.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/elf_signs.h"
#include "audit/start_files.h"
#include "audit/suspicious_text.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

constexpr std::size_t kHeadBytes = 4096, kBodyBytes = 4 << 20, kMaxFindings = 200;
constexpr std::string_view kWhy = "Bots put their programs where every user may write. What runs from there is run by no package.";
// File systems of others: what lies there is a container's, or an answer may never come.
constexpr std::array<std::string_view, 8> kOwnTypes{"tmpfs", "ramfs", "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"};

struct Search {
  HostView& host;
  Findings& out;
  std::size_t files = 0, left_out = 0;

  void add(const FolderEntry& entry, AuditState state, std::string what, std::string detail) {
    if (out.size() >= kMaxFindings) {
      ++left_out;
      return;
    }
    out.push_back({.key = shown(entry.path, 400),
                   .state = state,
                   .title = fmt::format("{}: {}", shown(entry.path), what),
                   .evidence = {fmt::format("{}, {} bytes, owner uid {}, mode {:o}{}{}", shown(entry.path), entry.info.size_bytes, entry.info.uid,
                                            entry.info.mode, detail.empty() ? "" : "; ", detail)},
                   .why = std::string{kWhy},
                   .fix = fmt::format("sha256sum {0}; {1} && chmod 0 {2}", shell_quoted(entry.path), set_aside(entry.path),
                                      shell_quoted(fmt::format("/root/{}.suspect", base_name(entry.path)))),
                   .undo = bring_back(entry.path),
                   .infection = state >= AuditState::high});
  }

  void elf(const FolderEntry& entry) {
    const auto body = host.files().read_at(entry.path, 0, kBodyBytes);
    if (!body.ok()) return;
    const auto signs = elf_signs(body.value());
    const bool hidden = has_hidden_part(entry.path), runnable = (entry.info.mode & 0111) != 0, root_bit = (entry.info.mode & 04000) != 0;
    const auto detail = describe(signs);
    if (signs.object_file) return;
    // Bots are small. A large program with such a string is rather one that looks for them, as this one.
    constexpr std::uint64_t kLargestBot = 4 << 20;
    if (!signs.families.empty() && entry.info.size_bytes <= kLargestBot) return add(entry, AuditState::critical, "a bot's program: " + signs.families.front(), detail);
    if (root_bit) return add(entry, AuditState::high, "a program with the set-user-id bit in a temporary folder", detail);
    if (signs.packed) return add(entry, AuditState::high, fmt::format("a program packed with {}", signs.packer), detail);
    if (signs.foreign) return add(entry, AuditState::high, fmt::format("a program for {}, not for this machine", signs.machine), detail);
    if (hidden) return add(entry, AuditState::high, "a program in a hidden place", detail);
    // Libraries that Java, Python and installers unpack for themselves are of the owner's daily life.
    if (signs.shared_object) return add(entry, AuditState::low, "a library in a temporary folder", detail);
    add(entry, runnable ? AuditState::medium : AuditState::low, "a program in a temporary folder", detail);
  }

  void script(const FolderEntry& entry, std::string_view head) {
    Suspicion worst;
    for_each_line(head, [&](int, std::string_view line) {
      if (auto s = suspicion_of(line); s.state > worst.state) worst = std::move(s);
    });
    if (worst.state != AuditState::ok) add(entry, worst.state, "a script that " + worst.reasons.front(), "");
  }

  void file(const FolderEntry& entry) {
    if (entry.info.kind != FileKind::regular || entry.info.size_bytes < 16) return;
    ++files;
    const auto head = host.files().read_at(entry.path, 0, kHeadBytes);
    if (!head.ok()) return;
    if (head.value().starts_with("\177ELF")) return elf(entry);
    if (head.value().starts_with("#!")) script(entry, head.value());
  }

  void folder(const std::string& path, std::size_t& budget) {
    WalkLimits limits;
    limits.max_entries = budget;
    limits.deadline = host.deadline();
    std::size_t entries = 0;
    const auto end = host.files().walk(path, limits, [&](const FolderEntry& entry) {
      ++entries;
      file(entry);
      return true;
    });
    budget -= std::min(budget, entries);
    if (end == WalkEnd::complete) return;
    const auto why = end == WalkEnd::entry_limit ? fmt::format("more than {} entries in temporary folders (setting audit.max_files)", host.settings().max_files)
                                                 : std::string{"the time was over (setting audit.within)"};
    host.met_limit(fmt::format("{}: {}", path, why));
    out.push_back({.key = "not finished " + path,
                   .state = AuditState::unknown,
                   .title = fmt::format("not every file of {} was looked at: {}", shown(path), why),
                   .fix = fmt::format("ls -U {} | wc -l   # what fills it?", shell_quoted(path)),
                   .undo = "looking changes nothing"});
  }
};

void run(HostView& host, Findings& out) {
  Search search{host, out};
  auto budget = static_cast<std::size_t>(host.settings().max_files);
  std::vector<std::string> folders{"/tmp", "/var/tmp", "/dev/shm", "/run"};
  std::vector<std::string> others;
  for (const auto& mount : host.mounts()) {
    const bool below = std::any_of(folders.begin(), folders.begin() + 4, [&](const auto& f) { return mount.point.starts_with(f + "/"); });
    if (!below || mount.point.size() > 1000) continue;
    if (std::find(kOwnTypes.begin(), kOwnTypes.end(), mount.type) == kOwnTypes.end())
      others.push_back(fmt::format("{} ({})", shown(mount.point, 80), shown(mount.type, 20)));
    else if (folders.size() < 256)
      folders.push_back(mount.point);
  }
  const auto before = out.size();
  for (const auto& folder : folders) search.folder(folder, budget);
  if (search.left_out)
    out.push_back({.key = "more", .state = AuditState::unknown, .title = fmt::format("{} more files like these are not listed", search.left_out)});
  if (out.size() == before) {
    AuditFinding ok{.key = "files", .title = fmt::format("{} files in temporary folders: no programs, no droppers", search.files)};
    if (!others.empty()) {
      std::string list;
      for (std::size_t i = 0; i < others.size() && i < 10; ++i) list += (list.empty() ? "" : ", ") + others[i];
      ok.evidence.push_back(fmt::format("not looked into, since they are containers' or remote: {}{}", list, others.size() > 10 ? ", …" : ""));
    }
    out.push_back(std::move(ok));
  }
}

const Register<CheckSpec> reg{{"temporary_files", "programs, packed programs and droppers' scripts in /tmp, /var/tmp, /dev/shm, /run", run}};

}  // namespace
}  // namespace sekisho
