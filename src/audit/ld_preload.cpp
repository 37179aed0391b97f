// Libraries forced into every program: /etc/ld.so.preload, LD_PRELOAD for everybody.
#include <fmt/format.h>

#include "audit/check.h"
#include "audit/describe.h"
#include "audit/start_files.h"
#include "audit/text_lines.h"

namespace sekisho {
namespace {

constexpr std::string_view kWhy =
    "A library that is loaded into every program can hide processes, files and connections from all of them, ps and ss included.";

void run(HostView& host, Findings& out) {
  const auto before = out.size();
  if (const auto text = host.text("/etc/ld.so.preload"))
    for_each_line(*text, [&](int number, std::string_view line) {
      line = trimmed(line.substr(0, line.find('#')));
      for (auto at = std::size_t{0}; at < line.size();) {
        const auto end = std::min(line.find_first_of(" \t:", at), line.size());
        const std::string library{line.substr(at, end - at)};
        at = end + 1;
        if (library.empty()) continue;
        const bool owned = !host.packaged({library}).empty();
        const bool missing = !host.files().exists(library);
        const bool bad = in_temporary_folder(library) || has_hidden_part(library);
        out.push_back({.key = shown(library),
                       .state = owned ? AuditState::low
                                : bad ? AuditState::critical
                                      : AuditState::high,
                       .title = fmt::format("{} is loaded into every program{}", shown(library),
                                            owned     ? " (a package owns it)"
                                            : missing ? ", and is not to be seen: a rootkit hides so"
                                                      : ""),
                       .evidence = {fmt::format("/etc/ld.so.preload:{}: {}", number, shown(line))},
                       .why = std::string{kWhy},
                       .fix = "mv /etc/ld.so.preload /root/ld.so.preload.suspect   # with a statically linked shell at hand (busybox)",
                       .undo = "mv /root/ld.so.preload.suspect /etc/ld.so.preload",
                       .infection = !owned});
      }
    });
  for (const std::string path : {"/etc/environment", "/etc/profile", "/etc/bash.bashrc", "/etc/security/pam_env.conf"})
    if (const auto text = host.text(path))
      for_each_line(*text, [&](int number, std::string_view line) {
        line = trimmed(line);
        if (line.starts_with('#') || line.find("LD_PRELOAD") == std::string_view::npos) return;
        out.push_back({.key = fmt::format("LD_PRELOAD in {}", path),
                       .state = AuditState::high,
                       .title = fmt::format("LD_PRELOAD is set for everybody in {}", path),
                       .evidence = {fmt::format("{}:{}: {}", path, number, shown(line))},
                       .why = std::string{kWhy},
                       .fix = fmt::format("sed -i.before-sekisho '{}s/^/#/' {}", number, path),
                       .undo = fmt::format("mv {0}.before-sekisho {0}", path),
                       .infection = true});
      });
  if (out.size() == before) out.push_back({.key = "preload", .title = "no library is forced into every program"});
}

const Register<CheckSpec> reg{{"ld_preload", "libraries forced into every program", run}};

}  // namespace
}  // namespace sekisho
