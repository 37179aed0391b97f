// SHA-1, base64 and the canonical order of a flow's ends.
#include "app/community_id.h"

#include <bit>
#include <tuple>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace sekisho {
namespace {

FlowEnds in_order(FlowEnds flow) {
  if (std::tie(flow.dst, flow.dport) < std::tie(flow.src, flow.sport)) {
    std::swap(flow.src, flow.dst);
    std::swap(flow.sport, flow.dport);
  }
  return flow;
}

template <class T>
void append_be(std::vector<std::uint8_t>& out, T value) {
  for (int shift = int(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_address(std::vector<std::uint8_t>& out, const Address& a) {
  if (is_v4(a)) return append_be(out, v4_value(a));
  append_be(out, a.high);
  append_be(out, a.low);
}

std::vector<std::uint8_t> canonical_bytes(const FlowEnds& given) {
  const FlowEnds flow = in_order(given);
  std::vector<std::uint8_t> out;
  append_be(out, std::uint16_t{0});  // seed
  append_address(out, flow.src);
  append_address(out, flow.dst);
  out.push_back(flow.protocol);
  out.push_back(0);  // padding
  append_be(out, flow.sport);
  append_be(out, flow.dport);
  return out;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (k < have ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= have ? digits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> message(bytes.begin(), bytes.end());
  message.push_back(0x80);
  while (message.size() % 64 != 56) message.push_back(0);
  append_be(message, std::uint64_t{bytes.size()} * 8);
  std::array<std::uint32_t, 5> h{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (std::size_t at = 0; at < message.size(); at += 64) {
    std::array<std::uint32_t, 80> w;
    for (std::size_t i = 0; i < 16; ++i) w[i] = load_be32(&message[at + 4 * i]);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = h;
    for (std::size_t i = 0; i < 80; ++i) {
      const auto [f, k] = i < 20   ? std::pair{(b & c) | (~b & d), 0x5a827999U}
                          : i < 40 ? std::pair{b ^ c ^ d, 0x6ed9eba1U}
                          : i < 60 ? std::pair{(b & c) | (b & d) | (c & d), 0x8f1bbcdcU}
                                   : std::pair{b ^ c ^ d, 0xca62c1d6U};
      const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
      e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
  }
  std::array<std::uint8_t, 20> digest;
  for (std::size_t i = 0; i < 20; ++i) digest[i] = static_cast<std::uint8_t>(h[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

std::string community_id(const FlowEnds& flow) { return "1:" + base64(sha1(canonical_bytes(flow))); }

std::uint64_t eve_flow_id(const FlowEnds& flow) {
  const auto digest = sha1(canonical_bytes(flow));
  return (load_be64(digest.data()) >> 12 & ((1ULL << 51) - 1)) | 1;
}

}  // namespace sekisho
