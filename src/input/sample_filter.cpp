// The filter's program, and its twin in C++.
#include "input/sample_filter.h"

#include <linux/if_ether.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"

namespace sekisho {
namespace {

constexpr std::uint32_t kNet = static_cast<std::uint32_t>(SKF_NET_OFF);  // offsets from the network header, with or without a link header
constexpr std::uint32_t kAncillary = static_cast<std::uint32_t>(SKF_AD_OFF);
constexpr std::uint32_t kWhole = 0x40000;  // bytes of an accepted packet

sock_filter statement(unsigned code, std::uint32_t k) { return {static_cast<__u16>(code), 0, 0, k}; }
sock_filter jump(unsigned code, std::uint32_t k, unsigned yes, unsigned no) {
  return {static_cast<__u16>(BPF_JMP | code | BPF_K), static_cast<__u8>(yes), static_cast<__u8>(no), k};
}
sock_filter load(unsigned size, std::uint32_t at) { return statement(BPF_LD | size | BPF_ABS, at); }
sock_filter load_behind_ip(unsigned size, std::uint32_t at) { return statement(BPF_LD | size | BPF_IND, kNet + at); }
sock_filter store(std::uint32_t cell) { return statement(BPF_ST, cell); }
sock_filter load_cell(std::uint32_t cell) { return statement(BPF_LD | BPF_MEM, cell); }
sock_filter load_x_cell(std::uint32_t cell) { return statement(BPF_LDX | BPF_MEM, cell); }

}  // namespace

std::vector<sock_filter> sample_filter(SampleRates rates, std::uint32_t secret) {
  if (rates == SampleRates{}) return {};
  enum : std::uint32_t { kAddresses, kFlags, kPort, kHash };
  const auto exclusive_or = statement(BPF_ALU | BPF_XOR | BPF_X, 0);
  // Jumps count instructions from the next one on; kRandom and the verdicts stand at the end.
  constexpr unsigned kV4 = 3, kV6 = 14, kTcp4 = 22, kRandom = 38, kAccept = 42;
  const auto to = [](unsigned from, unsigned target) { return target - from - 1; };
  std::vector<sock_filter> f{
      /* 0*/ load(BPF_W, kAncillary + SKF_AD_PROTOCOL),
      /* 1*/ jump(BPF_JEQ, ETH_P_IP, to(1, kV4), 0),
      /* 2*/ jump(BPF_JEQ, ETH_P_IPV6, to(2, kV6), to(2, kRandom)),
      /* 3*/ load(BPF_B, kNet + 9),
      /* 4*/ jump(BPF_JEQ, kTcp, 0, to(4, kRandom)),
      /* 5*/ load(BPF_H, kNet + 6),
      /* 6*/ jump(BPF_JSET, 0x1fff, to(6, kRandom), 0),
      /* 7*/ load(BPF_W, kNet + 12),
      /* 8*/ statement(BPF_MISC | BPF_TAX, 0),
      /* 9*/ load(BPF_W, kNet + 16),
      /*10*/ exclusive_or,
      /*11*/ store(kAddresses),
      /*12*/ statement(BPF_LDX | BPF_MSH | BPF_B, kNet),
      /*13*/ statement(BPF_JMP | BPF_JA, to(13, kTcp4)),
      /*14*/ load(BPF_B, kNet + 6),
      /*15*/ jump(BPF_JEQ, kTcp, 0, to(15, kRandom)),
      /*16*/ load(BPF_W, kNet + 20),
      /*17*/ statement(BPF_MISC | BPF_TAX, 0),
      /*18*/ load(BPF_W, kNet + 36),
      /*19*/ exclusive_or,
      /*20*/ store(kAddresses),
      /*21*/ statement(BPF_LDX | BPF_W | BPF_IMM, 40),
      /*22*/ load_behind_ip(BPF_B, 13),
      /*23*/ store(kFlags),
      /*24*/ load_behind_ip(BPF_H, 0),
      /*25*/ store(kPort),
      /*26*/ load_behind_ip(BPF_H, 2),
      /*27*/ load_x_cell(kPort),
      /*28*/ exclusive_or,
      /*29*/ load_x_cell(kAddresses),
      /*30*/ statement(BPF_ALU | BPF_ADD | BPF_X, 0),
      /*31*/ statement(BPF_ALU | BPF_MUL | BPF_K, secret | 1),
      /*32*/ statement(BPF_ALU | BPF_RSH | BPF_K, 11),
      /*33*/ store(kHash),
      /*34*/ load_cell(kFlags),
      /*35*/ jump(BPF_JSET, kSyn, to(35, 40), 0),
      /*36*/ load_cell(kHash),
      /*37*/ statement(BPF_JMP | BPF_JA, to(37, 39)),
      /*38*/ load(BPF_W, kAncillary + SKF_AD_RANDOM),
      /*39*/ jump(BPF_JSET, rates.rest - 1, to(39, kAccept + 1), to(39, kAccept)),
      /*40*/ load_cell(kHash),
      /*41*/ jump(BPF_JSET, rates.syn - 1, to(41, kAccept + 1), to(41, kAccept)),
      /*42*/ statement(BPF_RET | BPF_K, kWhole),
      /*43*/ statement(BPF_RET | BPF_K, 0),
  };
  return f;
}

bool is_sampled_as_syn(const Frame& frame) {
  const auto* p = frame.bytes.data();
  std::size_t left = frame.bytes.size();
  const auto skip = [&](std::size_t bytes) { p += bytes, left -= bytes; };
  if (frame.link == LinkType::ethernet) {
    if (left < 14) return false;
    skip(12);
    for (unsigned tags = 0; tags < 2 && left >= 6 && (load_be16(p) == ETH_P_8021Q || load_be16(p) == ETH_P_8021AD); ++tags) skip(4);
    const auto type = load_be16(p);
    if (type != ETH_P_IP && type != ETH_P_IPV6) return false;
    skip(2);
  }
  if (left < 40) return false;
  const bool v4 = p[0] >> 4 == 4;
  if (v4 ? p[9] != kTcp || (load_be16(p + 6) & 0x1fff) : p[6] != kTcp) return false;
  const std::size_t ip = v4 ? (p[0] & 15) * std::size_t{4} : 40;
  return left >= ip + 14 && (p[ip + 13] & kSyn);
}

void RateHistory::change(SampleRates rates, TimeNs since) {
  if (epochs_.size() == kMostEpochs) epochs_.pop_front();
  epochs_.push_back({since, rates});
}

SampleRates RateHistory::at(TimeNs time) const {
  for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch)
    if (time >= epoch->since) return epoch->rates;
  return epochs_.front().rates;
}

SampleRates rates_for(double syn_pps, double rest_pps, double allowed_pps) {
  const auto rate = [](double pps, double room) {
    return pps <= room ? 1U : std::min(std::uint32_t{1} << 20, std::uint32_t{1} << static_cast<unsigned>(std::ceil(std::log2(pps / room))));
  };
  if (syn_pps + rest_pps <= allowed_pps) return {};
  // Half of the room for each; what one kind does not need is the other's.
  const double half = allowed_pps / 2;
  return {rate(syn_pps, std::max(half, allowed_pps - rest_pps)), rate(rest_pps, std::max(half, allowed_pps - syn_pps))};
}

}  // namespace sekisho
