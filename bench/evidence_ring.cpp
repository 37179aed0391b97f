// What evidence costs the thread that owns detection: nanoseconds a packet, and how long opening an incident's file holds it up.
// usage: evidence_ring FOLDER     (bench/evidence calls it)
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <vector>

#include "evidence/recorder.h"

namespace {

using namespace sekisho;

// Processor time of this thread, so that what else the machine does counts as little as possible.
double now_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) * 1e9 + double(t.tv_nsec);
}

struct Traffic {
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<Frame> frames;
  std::vector<Packet> packets;
};

// A flood from random sources beside some traffic in both directions; frames lie scattered as in a packet socket's ring.
Traffic make(std::size_t count, std::size_t size) {
  std::mt19937_64 random{1};
  Traffic t;
  for (std::size_t i = 0; i < count; ++i) {
    t.bytes.emplace_back(size, static_cast<std::uint8_t>(i));
    Frame f;
    f.wire_bytes = static_cast<std::uint32_t>(size);
    t.frames.push_back(f);
    Packet p;
    p.protocol = kTcp;
    const bool out = i % 50 == 0;
    p.direction = out ? Direction::egress : Direction::ingress;
    p.traffic_class = out || i % 50 == 1 ? TrafficClass::tcp_data : TrafficClass::tcp_syn;
    p.payload_bytes = 1'000;
    p.src = address_from_v4(out ? 0xcb00710a : static_cast<std::uint32_t>(random()));
    p.dst = address_from_v4(out ? static_cast<std::uint32_t>(random()) : 0xcb00710a);
    p.sport = static_cast<std::uint16_t>(random()), p.dport = 80;
    t.packets.push_back(p);
  }
  for (std::size_t i = 0; i < count; ++i) t.frames[i].bytes = t.bytes[i];
  return t;
}

Incident incident(int number) {
  Incident i;
  i.id = fmt::format("01BENCH{:04}", number);
  i.label = "syn_flood", i.subject = "203.0.113.10", i.headline = "a benchmark";
  Selector s;
  s.classes.set(index_of(TrafficClass::tcp_syn));
  // Only the first one's packets are there.
  s.locals = {address_from_v4(0xcb00710a + static_cast<std::uint32_t>(number))};
  i.selectors = {s};
  return i;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  constexpr std::size_t kPackets = 1'024;  // a batch: decode has just read them
  for (const std::size_t size : {60, 1'400}) {
    Traffic t = make(kPackets, size);
    EvidenceSettings settings;
    settings.dir = fmt::format("{}/{}", argv[1], size);
    settings.context_packets = 1'000, settings.max_open = 128;
    auto opened = Recorder::open_live(settings, {}, {});
    if (!opened.ok()) {
      fmt::print(stderr, "{}\n", opened.error().message);
      return 3;
    }
    auto& recorder = **opened;
    TimeNs now = 1'795'313'643 * kSecond;
    std::uint64_t index = 0;
    const auto feed = [&](double rate_pps, std::size_t packets) {
      const auto gap = static_cast<TimeNs>(1e9 / rate_pps);
      const double began = now_ns();
      for (std::size_t n = 0; n < packets; ++n) {
        Frame& f = t.frames[n % kPackets];
        Packet& p = t.packets[n % kPackets];
        f.time = p.time = now += gap;
        p.index = index++;
        recorder.on_packet(f, p);
      }
      return (now_ns() - began) / double(packets);
    };
    const double growing = feed(450'000, 400'000);
    std::vector<double> rounds;
    for (int round = 0; round < 9; ++round) rounds.push_back(feed(450'000, 450'000));
    std::nth_element(rounds.begin(), rounds.begin() + 4, rounds.end());
    fmt::print("{:>5} B  ring, growing {:6.1f} ns/packet, full {:6.1f} ns/packet ({} MiB)\n", size, growing, rounds[4],
               recorder.stats().ring_bytes >> 20);
    std::vector<double> opens;
    const auto open = [&](int from, int to) {
      for (int number = from; number < to; ++number) {
        const double began = now_ns();
        if (!recorder.open_incident(incident(number), now - 400 * kMillisecond).ok()) std::abort();
        opens.push_back((now_ns() - began) / 1e6);
        (void)recorder.flush();
      }
    };
    open(0, 1);
    fmt::print("{:>5} B  opening the flood's file {:6.2f} ms; 1 open: {:6.1f} ns/packet\n", size, opens[0], feed(450'000, 450'000));
    opens.clear();
    open(1, 100);
    std::nth_element(opens.begin(), opens.begin() + 50, opens.end());
    fmt::print("{:>5} B  opening another one's {:6.2f} ms (median); 100 open: {:6.1f} ns/packet\n", size, opens[50],
               feed(450'000, 450'000));
    (void)recorder.finish();
    const auto stats = recorder.stats();
    fmt::print("{:>5} B  kept {}, thinned {}, lost {}\n", size, stats.packets_written, stats.thinned, stats.lost);
  }
}
