// Prints what a packet costs in the kernel, in nanoseconds, for bench/xdp: the bare program, ours, and ours while it samples.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "bpf/shared.h"  // before the skeleton, which uses its types

#include "bench_xdp.skel.h"

namespace {

std::vector<unsigned char> udp_packet() {
  std::vector<unsigned char> p(60);
  p[12] = 0x08, p[14] = 0x45, p[17] = 46, p[22] = 64, p[23] = 17, p[30] = 198, p[31] = 51, p[32] = 100, p[33] = 10;
  p[34] = 0x30, p[35] = 0x39, p[37] = 9, p[39] = 26;
  return p;
}
std::vector<unsigned char> syn_packet() {
  auto p = udp_packet();
  p[17] = 40, p[23] = 6, p[36] = 0, p[37] = 80, p[46] = 0x50, p[47] = 2;
  return p;
}

unsigned run(const bpf_program* program, const std::vector<unsigned char>& packet, int repeat) {
  bpf_test_run_opts o{};
  unsigned char out[256];
  o.sz = sizeof o;
  o.data_in = packet.data(), o.data_size_in = static_cast<__u32>(packet.size());
  o.data_out = out, o.data_size_out = sizeof out, o.repeat = repeat;
  if (bpf_prog_test_run_opts(bpf_program__fd(program), &o) != 0) std::perror("test run"), std::exit(3);
  return o.duration;
}

// What nobody reads fills the ring, and a full ring costs less than one that takes frames: a reader keeps up.
int discard(void*, void*, std::size_t) { return 0; }

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9, repeat = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
  const unsigned blocked = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 65'536;
  libbpf_set_print([](enum libbpf_print_level, const char*, va_list) { return 0; });
  auto* s = bench_xdp_bpf__open();
  if (!s) return std::fprintf(stderr, "the kernel does not permit BPF programs\n"), 77;
  bpf_map__set_max_entries(s->maps.sekisho_processors, static_cast<__u32>(libbpf_num_possible_cpus()));
  for (unsigned port : {53, 123, 1900, 389, 11211}) s->rodata->sekisho_service_ports[port >> 6] |= 1ULL << (port & 63);
  if (const int error = bench_xdp_bpf__load(s))
    return std::fprintf(stderr, "the kernel refused the programs: %s\n", std::strerror(-error)), 77;
  auto& settings = s->bss->sekisho_settings;
  settings.hash_key = 0x1234567890abcdefULL;

  // Blocked addresses that no source has, half of them of each family: all of the look-up's cost, and no drop.
  for (unsigned i = 0; i < blocked; ++i) {
    const bool v4 = i % 2;
    const __u64 key[2] = {v4 ? 0 : 0x20010db8ULL << 32 | i, v4 ? 0x0000ffff00000000ULL | (0x0a000000 + i) : i};
    const __u8 yes = 1;
    if (bpf_map_update_elem(bpf_map__fd(s->maps.sekisho_blocked), key, &yes, BPF_ANY) != 0) return std::perror("block list"), 3;
    const auto hash = sekisho_address_hash(settings.hash_key, key[0], key[1]);
    s->bss->sekisho_filter[sekisho_filter_word(hash)] |= sekisho_filter_bits(hash);
  }
  settings.blocked = blocked;

  bool done = false;
  auto* ring = ring_buffer__new(bpf_map__fd(s->maps.sekisho_ring), discard, nullptr, nullptr);
  std::thread reader{[&] {
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
      ring_buffer__consume(ring);
      const timespec rest{0, 5'000'000};
      nanosleep(&rest, nullptr);
    }
  }};
  std::printf("kind,round,nothing,bare,counted,sampled\n");
  for (const auto& [name, packet] : {std::pair{"udp", udp_packet()}, std::pair{"syn", syn_packet()}})
    for (int round = 0; round < rounds; ++round) {
      const unsigned nothing = run(s->progs.bench_nothing, packet, repeat);
      const unsigned bare = run(s->progs.bench_bare, packet, repeat);
      // Everything on, and 1,000 frames a second at most: counting, the look-up and the sampler, nearly without frames.
      settings.slice_frames = 10;
      run(s->progs.bench_sekisho, packet, repeat / 10);
      const unsigned counted = run(s->progs.bench_sekisho, packet, repeat);
      // 100,000 frames a second: this processor's part of the default on a machine with two.
      settings.slice_frames = 1000;
      run(s->progs.bench_sekisho, packet, repeat / 10);
      const unsigned sampled = run(s->progs.bench_sekisho, packet, repeat);
      std::printf("%s,%d,%u,%u,%u,%u\n", name, round, nothing, bare, counted, sampled);
      std::fflush(stdout);
    }
  __atomic_store_n(&done, true, __ATOMIC_RELAXED);
  reader.join();
  ring_buffer__free(ring);
  bench_xdp_bpf__destroy(s);
}
