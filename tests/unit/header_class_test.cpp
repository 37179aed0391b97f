// A connection's state splits a header class and never moves a packet to another: for every packet of the cases and every state.
#include "features/header_class.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>

#include "decode/decode.h"
#include "features/classify.h"
#include "input/capture_files.h"

namespace sekisho {
namespace {

using H = HeaderClass;
using T = TrafficClass;

std::set<T> amplification_or(std::set<T> others) {
  for (auto c = index_of(T::amp_first); c <= index_of(T::amp_last); ++c) others.insert(static_cast<T>(c));
  return others;
}

const std::set<T>& belonging_to(H h) {
  static const std::array<std::set<T>, static_cast<std::size_t>(H::count)> table = [] {
    std::array<std::set<T>, static_cast<std::size_t>(H::count)> t;
    const auto set = [&](H header, std::set<T> classes) { t[static_cast<std::size_t>(header)] = std::move(classes); };
    const std::set<T> stream{T::tcp_ack_unknown, T::tcp_data, T::tcp_data_stalled, T::http_request, T::tls_hello};
    set(H::not_ip, {T::not_ip});
    set(H::fragment, {T::fragment});
    set(H::tcp_syn, {T::tcp_syn});
    set(H::tcp_syn_bare, {T::tcp_syn_bare});
    set(H::tcp_syn_ack, {T::tcp_syn_ack, T::tcp_syn_ack_unasked});
    set(H::tcp_rst, {T::tcp_rst, T::tcp_ack});
    set(H::tcp_fin, {T::tcp_fin, T::tcp_ack, T::tcp_data, T::tcp_ack_unknown});
    set(H::tcp_null, {T::tcp_null});
    set(H::tcp_xmas, {T::tcp_xmas});
    set(H::tcp_odd, {T::tcp_odd});
    set(H::tcp_ack, {T::tcp_ack, T::tcp_ack_unknown});
    set(H::tcp_data, stream);
    set(H::udp, amplification_or({T::udp, T::udp_answer}));
    set(H::udp_service, amplification_or({T::udp, T::udp_answer, T::dns_query, T::dns_answer_unasked_other}));
    set(H::udp_vse, {T::udp_vse});
    set(H::dns_query, {T::dns_query});
    set(H::dhcp, {T::dhcp});
    set(H::icmp_echo, {T::icmp_echo});
    set(H::icmp_echo_reply, {T::icmp_echo_reply});
    set(H::icmp_unreachable, {T::icmp_unreachable});
    set(H::icmp_other, {T::icmp_other});
    set(H::gre, {T::gre_ip, T::gre_ethernet, T::gre_other});
    set(H::ip_in_ip, {T::ip_in_ip});
    set(H::esp, {T::esp});
    set(H::ah, {T::ah});
    set(H::sctp, {T::sctp});
    set(H::igmp, {T::igmp});
    set(H::other_ip, {T::other_ip});
    set(H::ipv6_extension, {T::ipv6_extension});
    return t;
  }();
  return table[static_cast<std::size_t>(h)];
}

struct Comparison final : Intake {
  std::uint64_t packets = 0, wrong = 0;
  std::set<H> met;
  void expect(const Packet& p, T got) {
    const auto header = header_class(p);
    if (belonging_to(header).contains(got)) return;
    if (++wrong <= 10) ADD_FAILURE() << "packet " << packets << ": header class " << static_cast<int>(header) << ", " << to_string(got);
  }
  void on_frames(std::span<const Frame> frames) override {
    for (const auto& frame : frames) {
      Packet p;
      decode(frame, {}, p);
      ++packets;
      met.insert(header_class(p));
      const bool whole = p.fragment != Fragment::later && !p.truncated;
      for (unsigned state = 0; state < 8; ++state) {
        ConnectionVerdict c;
        c.known = state & 1, c.both_ways = state & 2, c.stalled = state & 4;
        UdpVerdict u{(state & 1) != 0, (state & 2) != 0};
        p.direction = state & 4 ? Direction::egress : Direction::ingress;
        expect(p, p.protocol == kTcp && whole ? classify_tcp(p, c) : p.protocol == kUdp && whole ? classify_udp(p, u) : classify_other(p));
      }
    }
  }
};

TEST(HeaderClass, AgreesWithTheTrafficClassOfEveryState) {
  auto captures = CaptureFiles::open({(std::filesystem::path(SEKISHO_SOURCE_DIR) / "tests" / "cases").string()});
  ASSERT_TRUE(captures.ok()) << captures.error().message;
  Comparison comparison;
  ASSERT_TRUE((*captures)->run(comparison, {}).ok());
  EXPECT_GT(comparison.packets, 100'000u);
  EXPECT_EQ(comparison.wrong, 0u);
  EXPECT_EQ(comparison.met.size(), static_cast<std::size_t>(H::count)) << "the cases show every header class";
}

}  // namespace
}  // namespace sekisho
