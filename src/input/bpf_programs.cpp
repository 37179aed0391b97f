// Loads the generated skeleton. The only file that includes it.
#include "input/bpf_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/text.h"
#include "input/mapping.h"
#include "model/amplification.h"
#include "model/device_ports.h"
#include "model/header_class.h"
#include "sekisho.skel.h"

namespace sekisho {
namespace {

// One list in two languages.
static_assert(static_cast<int>(HeaderClass::count) == SK_CLASSES);
static_assert(static_cast<int>(HeaderClass::tcp_data) == SK_TCP_DATA);
static_assert(static_cast<int>(HeaderClass::ipv6_extension) == SK_IPV6_EXTENSION);

// What libbpf said last: the reason, when something fails.
thread_local std::string last_words;

int remember(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char text[512];
  const int size = std::vsnprintf(text, sizeof text, format, arguments);
  std::string line{text, std::min<std::size_t>(static_cast<std::size_t>(std::max(size, 0)), sizeof text - 1)};
  while (!line.empty() && line.back() == '\n') line.pop_back();
  // The verifier's log is thousands of lines.
  if (line.find("PROG LOAD LOG") == line.npos) last_words = line.substr(line.rfind('\n') == line.npos ? 0 : line.rfind('\n') + 1);
  return 0;
}

Error refused(int error) {
  if (error == EPERM || error == EACCES)
    return {"the kernel does not permit BPF programs here: that needs the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN"};
  return {fmt::format("the kernel refused the BPF programs: {}{}", std::strerror(error),
                      last_words.empty() ? std::string{} : fmt::format(" ({})", escape_hostile(last_words, 160)))};
}

template <class Ports>
void set_ports(volatile __u64* bits, const Ports& ports, auto number) {
  for (const auto& p : ports)
    if (const std::uint16_t port = number(p)) bits[port >> 6] = bits[port >> 6] | 1ULL << (port & 63);
}

}  // namespace

struct BpfPrograms::Loaded {
  sekisho_bpf* skeleton = nullptr;
  Mapping counters;
  unsigned processors = 0;
  ~Loaded() {
    if (skeleton) sekisho_bpf__destroy(skeleton);
  }
};

BpfPrograms::BpfPrograms(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
BpfPrograms::~BpfPrograms() = default;

Result<std::unique_ptr<BpfPrograms>> BpfPrograms::load(Wanted wanted) {
  libbpf_set_print(remember);
  last_words.clear();
  auto loaded = std::make_unique<Loaded>();
  auto* s = loaded->skeleton = sekisho_bpf__open();
  if (!s) return refused(errno);
  bpf_program__set_autoload(s->progs.sekisho_xdp, wanted.xdp);
  bpf_program__set_autoload(s->progs.sekisho_xdp_frags, wanted.xdp_frags);
  for (auto* program : {s->progs.sekisho_in, s->progs.sekisho_out}) bpf_program__set_autoload(program, wanted.tc);
  for (auto* program : {s->progs.sekisho_in_ip, s->progs.sekisho_out_ip}) bpf_program__set_autoload(program, wanted.tc_ip);

  const int processors = libbpf_num_possible_cpus();
  if (processors < 1) return refused(-processors);
  loaded->processors = static_cast<unsigned>(processors);
  if (const int error = bpf_map__set_max_entries(s->maps.sekisho_processors, loaded->processors)) return refused(-error);
  set_ports(s->rodata->sekisho_service_ports, amplification_vectors(), [](const AmplificationVector& v) { return v.port; });
  set_ports(s->rodata->sekisho_device_ports, kDevicePorts, [](std::uint16_t port) { return port; });
  __u64 key = 0;
  if (::getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) return refused(errno);
  s->bss->sekisho_settings.hash_key = key;
  s->bss->sekisho_settings.slice_frames = 1000;

  if (const int error = sekisho_bpf__load(s)) return refused(-error);
  loaded->counters = Mapping{bpf_map__fd(s->maps.sekisho_processors), sizeof(sekisho_processor) * loaded->processors, PROT_READ};
  if (!loaded->counters) return refused(errno);
  return std::unique_ptr<BpfPrograms>{new BpfPrograms{std::move(loaded)}};
}

int BpfPrograms::fd(Program program) const {
  const auto& p = loaded_->skeleton->progs;
  const bpf_program* const programs[] = {p.sekisho_xdp, p.sekisho_xdp_frags, p.sekisho_in,
                                         p.sekisho_out, p.sekisho_in_ip,     p.sekisho_out_ip};
  const int fd = bpf_program__fd(programs[static_cast<std::size_t>(program)]);
  return fd < 0 ? -1 : fd;
}

int BpfPrograms::ring_fd() const { return bpf_map__fd(loaded_->skeleton->maps.sekisho_ring); }
int BpfPrograms::blocked_fd() const { return bpf_map__fd(loaded_->skeleton->maps.sekisho_blocked); }
int BpfPrograms::networks_fd() const { return bpf_map__fd(loaded_->skeleton->maps.sekisho_networks); }
volatile sekisho_settings& BpfPrograms::settings() const { return loaded_->skeleton->bss->sekisho_settings; }
volatile std::uint64_t* BpfPrograms::filter() const {
  return reinterpret_cast<volatile std::uint64_t*>(loaded_->skeleton->bss->sekisho_filter);
}

sekisho_counters BpfPrograms::counters() const {
  constexpr std::size_t kWords = sizeof(sekisho_counters) / sizeof(std::uint64_t);
  std::uint64_t sum[kWords] = {};
  for (unsigned processor = 0; processor < loaded_->processors; ++processor) {
    const auto* words = reinterpret_cast<const volatile std::uint64_t*>(loaded_->counters.at() + processor * sizeof(sekisho_processor));
    for (std::size_t i = 0; i < kWords; ++i) sum[i] += words[i];
  }
  sekisho_counters total;
  std::memcpy(&total, sum, sizeof total);
  return total;
}

}  // namespace sekisho
