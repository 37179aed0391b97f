// veth_sender: plays captures into a veth pair of a test's own, with their own pacing or at a rate. For tests and benchmarks only.
//
// usage: veth_sender NAMESPACE/INTERFACE [NAMESPACE/INTERFACE]      as root; commands on standard input, one a line
//   play FILE                     each packet at its time, from the first one on, until the last or until another line comes
//   flood FILE PPS SECONDS        the packets over and over, evenly, until the time is over or another line comes
//   quit
// The second interface is the guarded host's end: packets whose source address (Ethernet) is HOST_MAC leave through it, all others through
// the first. Each command is answered by "begun NANOSECONDS" (the wall clock at its first packet) and "done SENT FAILED SECONDS".
//
// It refuses every interface that is no veth, and every one in the first process's network namespace: nothing leaves the machine.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr std::uint8_t kHostMac[] = {0x02, 0, 0, 0, 0, 0x10};
constexpr std::size_t kMaxFrame = 9'000, kMaxFileBytes = 1 << 30, kBatch = 64;
constexpr double kMaxSeconds = 120, kMaxRate = 2e6;

[[noreturn]] void die(const std::string& sentence) {
  std::fprintf(stderr, "veth_sender: %s\n", sentence.c_str());
  std::exit(2);
}

std::int64_t now_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void sleep_until(std::int64_t monotonic) {
  const timespec t{monotonic / 1'000'000'000, monotonic % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

ino_t namespace_of(const char* file) {
  struct stat s {};
  return stat(file, &s) == 0 ? s.st_ino : 0;
}

// A socket that writes to one interface of one namespace. The process stays in the namespace that it opened last.
int open_interface(const std::string& where, bool bypass) {
  const auto slash = where.find('/');
  if (slash == std::string::npos) die("'" + where + "' is not NAMESPACE/INTERFACE");
  const std::string name = where.substr(0, slash), interface = where.substr(slash + 1);
  const int ns = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) die("cannot enter the network namespace '" + name + "': " + std::strerror(errno));
  close(ns);
  if (namespace_of("/proc/thread-self/ns/net") == namespace_of("/proc/1/ns/net")) die("'" + name + "' is the machine's own network");
  const int out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (out < 0) die(std::string{"cannot open a packet socket: "} + std::strerror(errno));
  ifreq request{};
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (interface.size() >= IFNAMSIZ) die("'" + interface + "' is no interface");
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  request.ifr_data = reinterpret_cast<char*>(&driver);
  if (ioctl(out, SIOCETHTOOL, &request) != 0 || std::string{driver.driver} != "veth") die("'" + interface + "' is no veth");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (bind(out, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die(std::string{"cannot bind: "} + std::strerror(errno));
  const int on = 1, room = 4 << 20;
  setsockopt(out, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  // Not past the taps where somebody listens: what leaves the host must be seen leaving.
  if (bypass) setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  return out;
}

struct Packet {
  std::int64_t at_ns = 0;  // since the first
  std::uint32_t offset = 0, size = 0;
  bool from_host = false;
};
struct Capture {
  std::vector<std::uint8_t> bytes;
  std::vector<Packet> packets;
};

// A pcap of this machine's byte order, microseconds or nanoseconds. What the snap length cut off is sent as zeros.
Capture load(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  const std::vector<char> raw{std::istreambuf_iterator<char>{in}, {}};
  const auto u32 = [&](std::size_t at) {
    std::uint32_t v;
    std::memcpy(&v, raw.data() + at, 4);
    return v;
  };
  if (raw.size() < 24 || raw.size() > kMaxFileBytes || (u32(0) != 0xa1b2c3d4 && u32(0) != 0xa1b23c4d))
    die(file + " is no pcap that can be played");
  const std::int64_t scale = u32(0) == 0xa1b2c3d4 ? 1'000 : 1;
  Capture capture;
  std::int64_t first = 0;
  for (std::size_t at = 24; at + 16 <= raw.size();) {
    const std::int64_t time = std::int64_t{u32(at)} * 1'000'000'000 + u32(at + 4) * scale;
    const std::size_t captured = u32(at + 8), length = std::min<std::size_t>(std::max<std::size_t>(u32(at + 12), captured), kMaxFrame);
    at += 16;
    if (captured > raw.size() - at) break;
    if (capture.packets.empty()) first = time;
    const std::size_t kept = std::min(captured, length);
    Packet p;
    p.at_ns = time - first;
    p.offset = static_cast<std::uint32_t>(capture.bytes.size());
    p.size = static_cast<std::uint32_t>(length);
    p.from_host = kept >= 12 && std::memcmp(raw.data() + at + 6, kHostMac, sizeof kHostMac) == 0;
    capture.bytes.insert(capture.bytes.end(), raw.begin() + static_cast<std::ptrdiff_t>(at),
                         raw.begin() + static_cast<std::ptrdiff_t>(at + kept));
    capture.bytes.resize(p.offset + length);
    capture.packets.push_back(p);
    at += captured;
  }
  if (capture.packets.empty()) die(file + " holds no packet");
  return capture;
}

class Sender {
 public:
  Sender(int peer, int host) : peer_(peer), host_(host) {}

  void begin() {
    sent_ = failed_ = 0;
    started_ = now_ns(CLOCK_MONOTONIC);
    std::printf("begun %lld\n", static_cast<long long>(now_ns(CLOCK_REALTIME)));
    std::fflush(stdout);
  }
  void end() const {
    const double seconds = static_cast<double>(now_ns(CLOCK_MONOTONIC) - started_) / 1e9;
    std::printf("done %llu %llu %.6f\n", static_cast<unsigned long long>(sent_), static_cast<unsigned long long>(failed_), seconds);
    std::fflush(stdout);
  }

  // Runs of packets for the same side go in one system call.
  void send(const Capture& capture, std::size_t from, std::size_t count) {
    while (count > 0) {
      const bool host = capture.packets[from].from_host;
      std::size_t run = 0;
      while (run < std::min(count, kBatch) && capture.packets[from + run].from_host == host) {
        const Packet& p = capture.packets[from + run];
        parts_[run] = {const_cast<std::uint8_t*>(capture.bytes.data()) + p.offset, p.size};
        messages_[run] = {};
        messages_[run].msg_hdr.msg_iov = &parts_[run], messages_[run].msg_hdr.msg_iovlen = 1;
        ++run;
      }
      if (host && host_ < 0) die("a packet of the host's, but no interface of the host was given");
      for (std::size_t done = 0; done < run;) {
        const int n = sendmmsg(host ? host_ : peer_, messages_ + done, static_cast<unsigned>(run - done), 0);
        if (n > 0) {
          done += static_cast<std::size_t>(n), sent_ += static_cast<std::uint64_t>(n);
        } else if (errno != EINTR) {
          ++failed_, ++done;  // no room at the other end: as on a wire, it is gone
        }
      }
      from += run, count -= run;
    }
  }
  std::int64_t started() const { return started_; }

 private:
  int peer_, host_;
  std::uint64_t sent_ = 0, failed_ = 0;
  std::int64_t started_ = 0;
  iovec parts_[kBatch];
  mmsghdr messages_[kBatch];
};

bool more_to_read() {
  pollfd in{STDIN_FILENO, POLLIN, 0};
  return poll(&in, 1, 0) > 0 && (in.revents & POLLIN);
}

void play(Sender& sender, const Capture& capture) {
  sender.begin();
  for (std::size_t next = 0; next < capture.packets.size();) {
    sleep_until(sender.started() + capture.packets[next].at_ns);
    const std::int64_t passed = now_ns(CLOCK_MONOTONIC) - sender.started();
    std::size_t due = 1;
    while (next + due < capture.packets.size() && capture.packets[next + due].at_ns <= passed) ++due;
    sender.send(capture, next, due);
    next += due;
    if (more_to_read()) break;
  }
  sender.end();
}

void flood(Sender& sender, const Capture& capture, double rate, double seconds) {
  const auto total = static_cast<std::uint64_t>(rate * seconds);
  sender.begin();
  std::size_t next = 0;
  for (std::uint64_t n = 0; n < total;) {
    sleep_until(sender.started() + static_cast<std::int64_t>(static_cast<double>(n) / rate * 1e9));
    const double passed = static_cast<double>(now_ns(CLOCK_MONOTONIC) - sender.started()) / 1e9;
    if (passed > seconds) break;
    const auto due = std::min<std::uint64_t>(static_cast<std::uint64_t>(passed * rate) + 1, total);
    while (n < due) {
      const std::size_t run = std::min<std::size_t>({due - n, kBatch, capture.packets.size() - next});
      sender.send(capture, next, run);
      n += run;
      next = next + run == capture.packets.size() ? 0 : next + run;
    }
    if (more_to_read()) break;
  }
  sender.end();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) die("usage: veth_sender NAMESPACE/INTERFACE [NAMESPACE/INTERFACE]");
  const int peer = open_interface(argv[1], true);
  Sender sender{peer, argc == 3 ? open_interface(argv[2], false) : -1};
  std::setvbuf(stdin, nullptr, _IONBF, 0);  // poll() must see what has not been read
  std::string line;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    std::istringstream words{std::exchange(line, {})};
    std::string command, file;
    words >> command >> file;
    if (command == "quit") break;
    if (command == "play") {
      play(sender, load(file));
    } else if (command == "flood") {
      double rate = 0, seconds = 0;
      if (!(words >> rate >> seconds) || rate < 1 || rate > kMaxRate || seconds <= 0 || seconds > kMaxSeconds)
        die("flood FILE PPS SECONDS: at most 2,000,000 a second for 120 seconds");
      flood(sender, load(file), rate, seconds);
    } else if (!command.empty()) {
      die("unknown command '" + command + "'");
    }
  }
  return 0;
}
