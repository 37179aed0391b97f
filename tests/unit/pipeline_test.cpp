// Pipeline: time goes on without packets when the live source says so.
#include "app/pipeline.h"

#include <gtest/gtest.h>

namespace sekisho {
namespace {

// An IPv4 SYN from source number `n` to 198.51.100.10:80.
std::vector<std::uint8_t> syn(unsigned n) {
  const auto high = static_cast<std::uint8_t>(n >> 8), low = static_cast<std::uint8_t>(n);
  return {0x45, 0,   0, 40, high, low, 0,    0,   50, 6, 0, 0, 198,  18, high, low,  198, 51, 100, 10,
          0x30, low, 0, 80, 1,    2,   high, low, 0,  0, 0, 0, 0x50, 2,  0xff, 0xff, 0,   0,  0,   0};
}

struct Seen {
  std::vector<IncidentChange> changes;
  std::unique_ptr<Pipeline> pipeline;
  TimeNs last = 0;
};

// Two seconds of flood at 2,000 packets/s.
void flood(Seen& seen) {
  PipelineSettings settings;
  settings.local = {host_network(address_from_v4(0xc633640a))};
  auto made = Pipeline::make(std::move(settings), Config{});
  ASSERT_TRUE(made.ok());
  seen.pipeline = std::move(made).value();
  seen.pipeline->on_incident = [&seen](const IncidentEvent& e) {
    if (e.incident->kind == Kind::flood) seen.changes.push_back(e.change);
  };
  const TimeNs begin = 1'700'000'000 * kSecond;
  for (unsigned n = 0; n < 4000; ++n) {
    const auto bytes = syn(n);
    Frame f;
    f.time = seen.last = begin + n * (kSecond / 2000);
    f.bytes = bytes, f.wire_bytes = static_cast<std::uint32_t>(bytes.size()), f.link = LinkType::raw_ip;
    seen.pipeline->on_frames({&f, 1});
  }
}

TEST(Pipeline, AdvanceClosesAnIncidentWithoutAnotherPacket) {
  Seen seen;
  flood(seen);
  ASSERT_EQ(seen.changes.front(), IncidentChange::opened);
  for (TimeNs now = seen.last; now < seen.last + 40 * kSecond; now += 50 * kMillisecond) seen.pipeline->advance(now);
  EXPECT_EQ(seen.changes.back(), IncidentChange::closed);
}

TEST(Pipeline, AdvanceIntoThePastOrBeforeTheFirstPacketDoesNothing) {
  Seen seen;
  flood(seen);
  const auto before = seen.changes.size();
  seen.pipeline->advance(seen.last - 10 * kSecond);
  seen.pipeline->advance(0);
  EXPECT_EQ(seen.changes.size(), before);

  PipelineSettings settings;
  auto fresh = Pipeline::make(std::move(settings), Config{});
  ASSERT_TRUE(fresh.ok());
  (*fresh)->advance(kSecond);
}

// 4,000 SYNs, each five seconds before its predecessor: slow in truth, and no flood because the times run backwards.
// Two seconds of VXLAN from 24 peers at 3,000 packets/s, nothing answered; the confidence of the incident that comes of it.
int tunnel_confidence(std::int64_t vxlan_port) {
  Config config;
  config.decode.vxlan_port = vxlan_port;
  PipelineSettings settings;
  settings.local = {host_network(address_from_v4(0xc633640a))};
  auto pipeline = std::move(Pipeline::make(std::move(settings), config)).value();
  int confidence = 0;
  pipeline->on_incident = [&](const IncidentEvent& e) {
    if (e.incident->label == "udp_flood" || e.incident->label == "udp_plain_flood")
      confidence = std::max(confidence, e.incident->confidence);
  };
  for (unsigned n = 0; n < 6000; ++n) {
    auto inside = syn(n);
    std::vector<std::uint8_t> bytes{0x45, 0,
                                    0,    90,
                                    0,    0,
                                    0,    0,
                                    60,   17,
                                    0,    0,
                                    198,  18,
                                    7,    static_cast<std::uint8_t>(n % 24),
                                    198,  51,
                                    100,  10,
                                    0xc0, static_cast<std::uint8_t>(n % 24),
                                    0x12, 0xb5,
                                    0,    70,
                                    0,    0,
                                    8,    0,
                                    0,    0,
                                    0,    0,
                                    1,    0,
                                    2,    0,
                                    0,    0,
                                    0,    1,
                                    2,    0,
                                    0,    0,
                                    0,    2,
                                    8,    0};
    bytes.insert(bytes.end(), inside.begin(), inside.end());
    Frame f;
    f.time = 1'700'000'000 * kSecond + n * (kSecond / 3000);
    f.bytes = bytes, f.wire_bytes = static_cast<std::uint32_t>(bytes.size()), f.link = LinkType::raw_ip;
    pipeline->on_frames({&f, 1});
  }
  pipeline->finish();
  return confidence;
}

TEST(Pipeline, ATunnelOfThisHostSpeaksAgainstAUdpFlood) {
  const int plain = tunnel_confidence(0);
  EXPECT_GE(plain, 60);
  EXPECT_LE(tunnel_confidence(4789), plain - 30);
}

TEST(Pipeline, AClockThatRunsBackwardsMakesNoFlood) {
  PipelineSettings settings;
  settings.local = {host_network(address_from_v4(0xc633640a))};
  auto pipeline = Pipeline::make(std::move(settings), Config{});
  ASSERT_TRUE(pipeline.ok());
  unsigned floods = 0;
  (*pipeline)->on_incident = [&](const IncidentEvent& e) { floods += e.incident->kind == Kind::flood; };
  for (unsigned n = 0; n < 4000; ++n) {
    const auto bytes = syn(n);
    Frame f;
    f.time = 1'700'000'000 * kSecond - n * 5 * kSecond;
    f.bytes = bytes, f.wire_bytes = static_cast<std::uint32_t>(bytes.size()), f.link = LinkType::raw_ip;
    (*pipeline)->on_frames({&f, 1});
  }
  (*pipeline)->finish();
  EXPECT_EQ(floods, 0u);
}

}  // namespace
}  // namespace sekisho
