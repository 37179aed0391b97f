// Writes frames to one interface of this network namespace as fast as the stack takes them, or at a rate: for benchmarks on a veth of their
// own. usage: send_frames INTERFACE PACKETS RATE KIND SOURCES [SECONDS]     prints packets, seconds, frames refused,
// seconds of processor (that of whoever receives on a veth is in it, because the kernel hands frames over at once)
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kBytes = 60, kBatch = 64;

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32, x *= 0xd6e8feb86659fd93ULL, x ^= x >> 32, x *= 0xd6e8feb86659fd93ULL;
  return x ^ x >> 32;
}

// From 198.51.100.20's link address to 198.51.100.10, tests/live/testbed.py's host.
void start(std::array<std::uint8_t, kBytes>& f, bool syn) {
  constexpr std::uint8_t kHeader[] = {2, 0, 0, 0, 0, 0x10, 2, 0, 0, 0, 0, 0x20, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 60, 17};
  std::memcpy(f.data(), kHeader, sizeof kHeader);
  if (syn) f[17] = 40, f[23] = 6, f[46] = 0x50, f[47] = 2, f[48] = 0xfa, f[49] = 0xf0;
  const std::uint8_t target[] = {198, 51, 100, 10};
  std::memcpy(f.data() + 30, target, 4);
  f[37] = syn ? 80 : 9;
  if (!syn) f[39] = 26;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return std::fprintf(stderr, "usage: send_frames INTERFACE PACKETS RATE udp|syn|mix SOURCES [SECONDS]\n"), 2;
  const std::uint64_t packets = std::strtoull(argv[2], nullptr, 10), sources = std::strtoull(argv[5], nullptr, 10);
  const double rate = std::atof(argv[3]), seconds = argc > 6 ? std::atof(argv[6]) : 60;
  const std::string_view kind = argv[4];
  const int fd = ::socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET, to.sll_protocol = 0, to.sll_ifindex = static_cast<int>(::if_nametoindex(argv[1]));
  if (fd < 0 || to.sll_ifindex == 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return std::perror("send_frames"), 3;

  std::array<std::array<std::uint8_t, kBytes>, kBatch> frames{};
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts[i] = {frames[i].data(), kBytes};
    messages[i].msg_hdr.msg_iov = &parts[i], messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t sent = 0, refused = 0;
  const auto began = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  while (sent < packets && passed() < seconds) {
    if (rate > 0)
      if (const double ahead = static_cast<double>(sent) / rate - passed(); ahead > 0.001)
        std::this_thread::sleep_for(std::chrono::duration<double>(ahead));
    const std::size_t now = std::min<std::uint64_t>(kBatch, packets - sent);
    for (std::size_t i = 0; i < now; ++i) {
      const std::uint64_t number = sent + i;
      start(frames[i], kind == "syn" || (kind == "mix" && number % 4 == 0));
      // A few sources send much, as amplifiers do, or all of them alike: mix gives the twentieth part of the packets to the first, and so
      // on.
      const std::uint64_t random = mix(number);
      const std::uint64_t source = kind == "mix" && random % 2 ? (random >> 8) % 20 * ((random >> 16) % 2) : random % sources;
      const std::uint64_t bits = sources > 1 << 24 ? mix(source + 1) : source;
      frames[i][26] = static_cast<std::uint8_t>(sources > 1 << 24 ? 11 + (bits >> 24) % 80 : 10);
      frames[i][27] = static_cast<std::uint8_t>(bits >> 16), frames[i][28] = static_cast<std::uint8_t>(bits >> 8),
      frames[i][29] = static_cast<std::uint8_t>(bits);
      frames[i][34] = static_cast<std::uint8_t>(random >> 32 | 4), frames[i][35] = static_cast<std::uint8_t>(random >> 40);
    }
    const int done = ::sendmmsg(fd, messages.data(), static_cast<unsigned>(now), 0);
    if (done < 0) {
      if (errno != ENOBUFS && errno != EAGAIN) return std::perror("send_frames"), 3;
      ++refused;
      continue;
    }
    sent += static_cast<std::uint64_t>(done);
  }
  const double wall = passed();
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  std::printf("%llu %.6f %llu %.6f\n", static_cast<unsigned long long>(sent), wall, static_cast<unsigned long long>(refused),
              static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9);
}
