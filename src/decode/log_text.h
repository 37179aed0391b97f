// Small readers of log text: prefixes, numbers, addresses, from the left and from the right. Total, without allocation.
#pragma once
#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "model/address.h"

namespace sekisho {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// If `text` begins with `prefix`, it goes.
inline bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}
inline bool take_tail(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}
inline void skip_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}
inline void trim_tail(std::string_view& text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\t')) text.remove_suffix(1);
}
// The text up to the first `end` (or all of it), which goes with it.
inline std::string_view take_until(std::string_view& text, char end) {
  const void* found = text.empty() ? nullptr : std::memchr(text.data(), end, text.size());
  if (!found) return std::exchange(text, std::string_view{});
  const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  const auto word = text.substr(0, length);
  text.remove_prefix(length + 1);
  return word;
}

// Decimal digits at the beginning of `text`; false without one or beyond `most`.
template <class T>
bool take_number(std::string_view& text, T& out, T most = std::numeric_limits<T>::max()) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || text.empty() || !is_digit(text.front()) || value > most) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  out = value;
  return true;
}
// The whole of `text` is a number.
template <class T>
bool whole_number(std::string_view text, T& out, T most = std::numeric_limits<T>::max()) {
  T value{};
  if (!take_number(text, value, most) || !text.empty()) return false;
  out = value;
  return true;
}

// "203.0.113.5", "2001:db8::1", "::ffff:203.0.113.5", "fe80::1%eth0" (the zone is left out). Nothing else around it.
inline bool address_of(std::string_view text, Address& out) {
  if (text.size() < 2 || text.size() > 64) return false;
  std::uint32_t value = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int part = 0; part < 4; ++part) {
    if (at == end || !is_digit(*at)) break;
    const char* const first = at;
    unsigned n = 0;
    for (; at != end && is_digit(*at) && at - first < 3; ++at) n = n * 10 + static_cast<unsigned>(*at - '0');
    if (n > 255 || (*first == '0' && at - first > 1)) break;
    value = value << 8 | n;
    if (part == 3) {
      if (at != end) break;
      out = address_from_v4(value);
      return true;
    }
    if (at == end || *at++ != '.') break;
  }
  char copy[INET6_ADDRSTRLEN + 1];
  const auto zone = text.find('%');
  text = text.substr(0, zone);
  if (text.size() > INET6_ADDRSTRLEN || text.find(':') == std::string_view::npos || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  std::uint8_t bytes[16];
  if (inet_pton(AF_INET6, copy, bytes) != 1) return false;
  out = {load_be64(bytes), load_be64(bytes + 8)};
  return true;
}

}  // namespace sekisho
