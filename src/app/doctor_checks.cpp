// One function a check.
#include "app/doctor_checks.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/time_words.h"
#include "base/text.h"
#include "control/client.h"
#include "input/interfaces.h"
#include "store/store.h"

namespace sekisho {
namespace {

DoctorLine kernel(const Config&) {
  utsname name{};
  ::uname(&name);
  unsigned major = 0, minor = 0;
  std::sscanf(name.release, "%u.%u", &major, &minor);
  const auto what = fmt::format("Linux {} on {}", escape_hostile(name.release, 64), escape_hostile(name.machine, 16));
  if (major < 4 || (major == 4 && minor < 18)) return {"kernel", Diagnosis::wrong, what + ": older than 4.18", "update the kernel"};
  if (major < 5 || (major == 5 && minor < 8)) return {"kernel", Diagnosis::remark, what + ": XDP capture needs 5.8", "packets are taken by packet sockets; update the kernel for XDP"};
  return {"kernel", Diagnosis::good, what, ""};
}

DoctorLine capabilities(const Config&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  ::syscall(SYS_capget, &header, data);
  const auto has = [&](unsigned capability) { return (data[capability / 32].effective >> (capability % 32) & 1) != 0; };
  std::string missing;
  const auto need = [&](unsigned capability, std::string_view name) {
    if (!has(capability)) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", name);
  };
  if (!has(CAP_NET_RAW)) return {"rights", Diagnosis::wrong, "CAP_NET_RAW is missing: no packet can be seen", "run as root: sudo sekisho doctor, sudo sekisho agent"};
  need(CAP_NET_ADMIN, "CAP_NET_ADMIN"), need(CAP_BPF, "CAP_BPF"), need(CAP_PERFMON, "CAP_PERFMON"), need(CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
  if (!missing.empty()) return {"rights", Diagnosis::remark, missing + " missing: no XDP capture, processes of others are not named", "run as root, or add them to the service's AmbientCapabilities"};
  return {"rights", Diagnosis::good, "all capabilities that the agent uses", ""};
}

DoctorLine btf(const Config&) {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) == 0) return {"btf", Diagnosis::good, "/sys/kernel/btf/vmlinux is there", ""};
  return {"btf", Diagnosis::remark, "the kernel has no type information (BTF): no XDP capture", "packets are taken by packet sockets; a kernel with CONFIG_DEBUG_INFO_BTF=y has it"};
}

DoctorLine interfaces(const Config& config) {
  const auto wanted = config.capture.interfaces.empty() ? default_interfaces() : config.capture.interfaces;
  if (wanted.empty()) return {"interfaces", Diagnosis::wrong, "no interface is up", "bring one up, or name one: [capture] interfaces = [\"eth0\"]"};
  const auto there = all_interfaces();
  std::string names;
  for (const auto& name : wanted) {
    if (std::find(there.begin(), there.end(), name) == there.end())
      return {"interfaces", Diagnosis::wrong, fmt::format("there is no interface '{}'", escape_hostile(name, 32)), "correct [capture] interfaces"};
    names += (names.empty() ? "" : ", ") + escape_hostile(name, 32);
  }
  return {"interfaces", Diagnosis::good, fmt::format("{} {}", names, config.capture.interfaces.empty() ? "(with a default route)" : "(configured)"), ""};
}

DoctorLine disk(const Config& config) {
  auto folder = std::filesystem::path{config.store.path}.parent_path();
  std::error_code failed;
  while (!folder.empty() && folder != folder.root_path() && !std::filesystem::exists(folder, failed)) folder = folder.parent_path();
  const auto name = escape_hostile(folder.string(), 400);
  struct statvfs facts {};
  if (::statvfs(folder.c_str(), &facts) != 0) return {"disk", Diagnosis::wrong, name + " cannot be looked at", "correct [store] path"};
  const auto free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  const auto what = fmt::format("{} free under {}", format_bytes(free), name);
  if (facts.f_flag & ST_RDONLY) return {"disk", Diagnosis::wrong, name + " is mounted read-only", "mount it for writing, or set [store] path to another disk"};
  if (free < 64 << 20) return {"disk", Diagnosis::wrong, what, "make room: history and evidence need about 2 GB"};
  if (free < 2ULL << 30) return {"disk", Diagnosis::remark, what + ": 90 days of a busy host need up to 2 GB", "make room, or shorten [store] history_for"};
  return {"disk", Diagnosis::good, what, ""};
}

DoctorLine store(const Config& config) {
  const auto& path = config.store.path;
  if (::access(path.c_str(), F_OK) != 0) return {"store", Diagnosis::good, fmt::format("{} does not exist yet: the agent makes it", escape_hostile(path, 400)), ""};
  auto reader = open_store_reader(path);
  if (!reader.ok()) return {"store", Diagnosis::wrong, reader.error().message, "see the sentence before"};
  if (const auto sound = reader.value()->check(); !sound.ok()) return {"store", Diagnosis::wrong, sound.error().message, "see the sentence before"};
  const auto facts = reader.value()->facts();
  if (!facts.ok()) return {"store", Diagnosis::wrong, facts.error().message, "see the sentence before"};
  return {"store", Diagnosis::good, fmt::format("{} is sound: schema {}, {}, {} incidents", escape_hostile(path, 400), facts.value().schema, format_bytes(facts.value().bytes), format_count(facts.value().incidents)), ""};
}

DoctorLine agent(const Config& config) {
  const auto client = ControlClient::connect(config.control.socket);
  if (client.ok()) return {"agent", Diagnosis::good, fmt::format("answers at {}", escape_hostile(config.control.socket, 200)), ""};
  return {"agent", agent_is_absent(config.control.socket) ? Diagnosis::remark : Diagnosis::wrong, client.error().message, "sudo systemctl enable --now sekisho"};
}

DoctorLine group_line(const Config&) {
  if (::getgrnam("sekisho")) return {"group", Diagnosis::good, "the group sekisho exists: its members may ask the agent", ""};
  return {"group", Diagnosis::remark, "there is no group sekisho: only root may ask the agent", "sudo groupadd --system sekisho"};
}

DoctorLine clock(const Config&) {
  timex state{};
  const int found = ::adjtimex(&state);
  if (wall_clock() < 1'700'000'000 * kSecond) return {"clock", Diagnosis::wrong, fmt::format("the clock says {}", format_local(wall_clock())), "set it, and run an NTP client (systemd-timesyncd, chrony)"};
  if (found == TIME_ERROR || (state.status & STA_UNSYNC)) return {"clock", Diagnosis::remark, "the clock is not synchronised: times of incidents may be off", "run an NTP client (systemd-timesyncd, chrony)"};
  return {"clock", Diagnosis::good, "synchronised", ""};
}

}  // namespace

std::vector<DoctorLine> doctor_lines(const Config& config) {
  std::vector<DoctorLine> lines;
  for (const auto check : {kernel, capabilities, btf, interfaces, disk, store, agent, group_line, clock}) lines.push_back(check(config));
  return lines;
}

}  // namespace sekisho
