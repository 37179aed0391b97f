// The programs of bpf/ see what the C++ decoder sees, packet for packet; they count exactly, drop what is blocked, and sample with weights
// that add up. Runs in the kernel by BPF_PROG_TEST_RUN; skipped where BPF is not permitted.
#include "input/bpf_programs.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "decode/decode.h"
#include "features/header_class.h"
#include "input/block_list.h"
#include "input/capture_files.h"
#include "input/ring_reader.h"

namespace sekisho {
namespace {

using Program = BpfPrograms::Program;
constexpr std::size_t kShortest = 14, kLongest = 3000;  // what a test run takes

class Bpf : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = BpfPrograms::load({.xdp = true, .tc = true});
    if (!loaded.ok()) GTEST_SKIP() << loaded.error().message;
    programs_ = std::move(loaded).value();
    auto ring = RingReader::map(programs_->ring_fd(), SK_RING_BYTES);
    ASSERT_TRUE(ring.ok()) << ring.error().message;
    ring_.emplace(std::move(ring).value());
    programs_->settings().slice_frames = 1 << 30;  // nothing is sampled
  }

  // The program's verdict.
  std::uint32_t run(Program program, std::span<const std::uint8_t> bytes, unsigned times = 1) {
    std::uint8_t out[kLongest + 256];
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = bytes.data(), options.data_size_in = static_cast<__u32>(bytes.size());
    options.data_out = out, options.data_size_out = sizeof out;
    options.repeat = static_cast<int>(times);
    const int error = bpf_prog_test_run_opts(programs_->fd(program), &options);
    EXPECT_EQ(error, 0) << std::strerror(-error);
    return options.retval;
  }
  template <class Take>
  std::size_t drain(Take take) {
    const auto took = ring_->read(1 << 20, [&](std::span<const std::uint8_t> record) {
      sekisho_frame f;
      ASSERT_GE(record.size(), sizeof f);
      std::memcpy(&f, record.data(), sizeof f);
      take(f, record.subspan(sizeof f));
    });
    ring_->release();
    return took;
  }

  std::unique_ptr<BpfPrograms> programs_;
  std::optional<RingReader> ring_;
};

// What the decoder and header_class say of the frame, and what the program's counters ought to say of all.
struct Expected {
  std::uint8_t traffic_class, family;
  std::uint32_t wire_bytes;
};

Expected expected_of(std::span<const std::uint8_t> bytes, sekisho_counters& counters) {
  Frame frame;
  frame.bytes = bytes, frame.wire_bytes = static_cast<std::uint32_t>(bytes.size());
  Packet p;
  decode(frame, {}, p);
  const auto c = static_cast<std::uint8_t>(header_class(p));
  const auto family = static_cast<std::uint8_t>(p.family == 4 ? SK_IPV4 : p.family == 6 ? SK_IPV6 : SK_NO_IP);
  ++counters.by_class[SK_IN][family][c].packets;
  counters.by_class[SK_IN][family][c].bytes += bytes.size();
  ++counters.sizes[SK_IN][std::min<std::size_t>(bytes.size() / SK_SIZE_STEP, SK_SIZE_BINS - 1)];
  if (p.protocol == kTcp && p.fragment != Fragment::later) ++counters.tcp_flags[SK_IN][p.tcp_flags & 63];
  return {c, family, frame.wire_bytes};
}

TEST_F(Bpf, EveryPacketOfTheCasesCountsAsTheDecoderSays) {
  if (!programs_) GTEST_SKIP();
  struct Run final : Intake {
    std::function<void(std::span<const std::uint8_t>)> each;
    void on_frames(std::span<const Frame> frames) override {
      for (const auto& f : frames)
        if (f.link == LinkType::ethernet && f.bytes.size() >= kShortest && f.bytes.size() <= kLongest) each(f.bytes);
    }
  };
  if (!std::filesystem::exists(std::filesystem::path(SEKISHO_SOURCE_DIR) / "build" / "cases"))
    GTEST_SKIP() << "the captures of the cases are not there: tools/case --make";
  for (const auto program : {Program::xdp, Program::in}) {
    auto captures = CaptureFiles::open({(std::filesystem::path(SEKISHO_SOURCE_DIR) / "build" / "cases").string()});
    ASSERT_TRUE(captures.ok()) << captures.error().message;
    const auto before = programs_->counters();
    sekisho_counters wanted{};
    std::uint64_t packets = 0, wrong = 0;
    Run intake;
    intake.each = [&](std::span<const std::uint8_t> bytes) {
      // The plain packets of the cases are much alike: one of four is enough for tc, whose path is the same.
      if (++packets % 4 != 0 && program == Program::in) return;
      const auto e = expected_of(bytes, wanted);
      run(program, bytes);
      unsigned frames = 0;
      drain([&](const sekisho_frame& f, std::span<const std::uint8_t> captured) {
        ++frames;
        const bool same = f.traffic_class == e.traffic_class && f.family == e.family && f.wire_bytes == e.wire_bytes && f.weight == 1 &&
                          f.captured == std::min<std::size_t>(bytes.size(), SK_SNAP_LONG) &&
                          std::equal(captured.begin(), captured.begin() + f.captured, bytes.begin());
        if (!same && ++wrong <= 5)
          ADD_FAILURE() << "packet " << packets << ": class " << int{f.traffic_class} << " for " << int{e.traffic_class} << ", family "
                        << int{f.family} << " for " << int{e.family} << ", " << f.wire_bytes << " B for " << e.wire_bytes;
      });
      if (frames != 1 && ++wrong <= 5) ADD_FAILURE() << "packet " << packets << ": " << frames << " frames";
    };
    ASSERT_TRUE((*captures)->run(intake, {}).ok());
    EXPECT_GT(packets, 100'000u);
    EXPECT_EQ(wrong, 0u);
    const auto after = programs_->counters();
    const auto* a = reinterpret_cast<const std::uint64_t*>(&after);
    const auto* b = reinterpret_cast<const std::uint64_t*>(&before);
    const auto* w = reinterpret_cast<const std::uint64_t*>(&wanted);
    for (std::size_t i = 0; i < sizeof(sekisho_counters) / sizeof(std::uint64_t); ++i) ASSERT_EQ(a[i] - b[i], w[i]) << "counter " << i;
    RecordProperty(program == Program::xdp ? "packets_xdp" : "packets_tc", static_cast<int>(packets));
  }
}

std::vector<std::uint8_t> udp_frame(std::uint32_t source, std::uint16_t sport, std::uint16_t dport = 40'000) {
  std::vector<std::uint8_t> f(14 + 20 + 8 + 32);
  f[12] = 0x08, f[14] = 0x45, f[17] = 60, f[22] = 64, f[23] = kUdp;
  const auto put = [&](std::size_t at, std::uint32_t v, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) f[at + i] = static_cast<std::uint8_t>(v >> 8 * (bytes - 1 - i));
  };
  put(26, source, 4), put(30, 0xc6336401, 4), put(34, sport, 2), put(36, dport, 2), put(38, 40, 2);
  return f;
}

TEST_F(Bpf, BlockedSourcesAreDroppedAndStillSeen) {
  if (!programs_) GTEST_SKIP();
  BlockList list{*programs_};
  constexpr std::uint32_t kBad = 0xcb007105, kGood = 0xcb007106;
  ASSERT_TRUE(list.add(*parse_network("203.0.113.5")).ok());
  ASSERT_TRUE(list.add(*parse_network("203.0.113.5")).ok());
  EXPECT_EQ(list.size(), 1u);
  EXPECT_EQ(run(Program::xdp, udp_frame(kBad, 1)), XDP_DROP);
  EXPECT_EQ(run(Program::in, udp_frame(kBad, 1)), 2u);  // TC_ACT_SHOT
  EXPECT_EQ(run(Program::xdp, udp_frame(kGood, 1)), XDP_PASS);
  EXPECT_EQ(run(Program::in, udp_frame(kGood, 1)), static_cast<std::uint32_t>(-1));
  EXPECT_EQ(run(Program::out, udp_frame(kBad, 1)), static_cast<std::uint32_t>(-1)) << "what leaves is not the block list's";
  EXPECT_EQ(programs_->counters().blocked, 2u);
  EXPECT_EQ(drain([](const sekisho_frame&, auto) {}), 5u) << "the evidence of dropped packets is kept";

  ASSERT_TRUE(list.remove(*parse_network("203.0.113.5")).ok());
  EXPECT_EQ(run(Program::xdp, udp_frame(kBad, 1)), XDP_PASS);
  ASSERT_TRUE(list.add(*parse_network("203.0.113.0/25")).ok());
  EXPECT_EQ(run(Program::xdp, udp_frame(kBad, 1)), XDP_DROP);
  EXPECT_EQ(run(Program::xdp, udp_frame(0xcb0071f0, 1)), XDP_PASS);
  ASSERT_TRUE(list.remove(*parse_network("203.0.113.0/25")).ok());
  EXPECT_EQ(run(Program::xdp, udp_frame(kBad, 1)), XDP_PASS);
  drain([](const sekisho_frame&, auto) {});
}

TEST_F(Bpf, ManyBlockedAddressesAndAFilterThatIsBuiltAnew) {
  if (!programs_) GTEST_SKIP();
  BlockList list{*programs_};
  for (std::uint32_t i = 0; i < 4000; ++i) ASSERT_TRUE(list.add(host_network(address_from_v4(0x0a000000 + i))).ok());
  for (std::uint32_t i = 0; i < 3000; ++i) ASSERT_TRUE(list.remove(host_network(address_from_v4(0x0a000000 + i))).ok());
  EXPECT_EQ(list.size(), 1000u);
  EXPECT_EQ(run(Program::xdp, udp_frame(0x0a000000 + 2999, 1)), XDP_PASS);
  for (std::uint32_t i = 3000; i < 4000; ++i) ASSERT_EQ(run(Program::xdp, udp_frame(0x0a000000 + i, 1)), XDP_DROP) << i;
  drain([](const sekisho_frame&, auto) {});
}

// Sums of weights against packets, for flows of every kind at once. The share of the one heavy flow is a matter of chance (which flows the
// hash chose, where the slices of time fell): of three samples the middle one counts.
TEST_F(Bpf, WeightsOfASampleAddUp) {
  if (!programs_) GTEST_SKIP();
  programs_->settings().slice_frames = 64;
  std::array<double, 3> shares{};
  std::uint32_t address = 0x0a000000;
  for (auto& share : shares) {
    programs_->settings().hash_key = programs_->settings().hash_key * 0x9e3779b97f4a7c15ULL + 1;
    std::uint64_t weights = 0, frames = 0, from_heavy = 0, packets = 0;
    std::uint32_t sampling = 1;
    for (std::uint32_t round = 0; round < 1000; ++round, address += 256) {
      for (std::uint32_t i = 0; i < 100; ++i) run(Program::in, udp_frame(address + i, static_cast<std::uint16_t>(i + 1)));
      run(Program::in, udp_frame(0x0a0000ff, 7), 100);  // one flow sends half of all
      packets += 200;
      drain([&](const sekisho_frame& f, std::span<const std::uint8_t> bytes) {
        weights += f.weight, ++frames;
        sampling = std::max(sampling, f.sampling);
        if (bytes[29] == 0xff) from_heavy += f.weight;
      });
    }
    EXPECT_GT(sampling, 4u);
    EXPECT_LT(frames, packets / 2);
    EXPECT_NEAR(static_cast<double>(weights), static_cast<double>(packets), 0.01 * static_cast<double>(packets) + 32.0 * sampling);
    share = static_cast<double>(from_heavy) / static_cast<double>(weights);
  }
  std::sort(shares.begin(), shares.end());
  EXPECT_NEAR(shares[1], 0.5, 0.05);
  EXPECT_EQ(programs_->counters().ring_full, 0u);
}

// Sixteen sockets that send in turn: none of them may hide behind the regularity of "one of sixteen".
TEST_F(Bpf, ASendersOwnRhythmHidesNothing) {
  if (!programs_) GTEST_SKIP();
  programs_->settings().slice_frames = 256;
  std::array<std::uint64_t, 16> weights{};
  std::uint64_t all = 0;
  for (std::uint32_t round = 0; round < 4000; ++round) {
    for (std::uint32_t i = 0; i < 16; ++i) run(Program::in, udp_frame(0x0a000000 + i, 7));
    if (round % 100 == 0 || round == 3999)
      drain([&](const sekisho_frame& f, std::span<const std::uint8_t> bytes) { weights[bytes[29] & 15] += f.weight, all += f.weight; });
  }
  for (const auto weight : weights) EXPECT_NEAR(static_cast<double>(weight) / static_cast<double>(all), 1.0 / 16, 0.03);
}

}  // namespace
}  // namespace sekisho
