// Parsers of /proc's text. Everything in it may be chosen by a process: names hold spaces, brackets and line ends.
#include "model/proc_text.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sekisho {
namespace {

constexpr std::uint64_t kKernelThreadFlag = 0x00200000;  // PF_KTHREAD, include/linux/sched.h

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// The next word; empty at the end.
std::string_view word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  const auto end = std::min(text.find_first_of(" \t"), text.size());
  const auto found = text.substr(0, end);
  text.remove_prefix(end);
  return found;
}

std::string_view line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto found = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return found;
}

// "0100007F" or 32 digits: 32-bit words as the processor holds them.
std::optional<Address> address(std::string_view hex) {
  if (hex.size() == 8) {
    const auto value = number<std::uint32_t>(hex, 16);
    if (!value) return std::nullopt;
    return address_from_v4(__builtin_bswap32(*value));
  }
  if (hex.size() != 32) return std::nullopt;
  std::uint32_t words[4];
  for (std::size_t i = 0; i < 4; ++i) {
    const auto value = number<std::uint32_t>(hex.substr(i * 8, 8), 16);
    if (!value) return std::nullopt;
    words[i] = __builtin_bswap32(*value);
  }
  return Address{std::uint64_t{words[0]} << 32 | words[1], std::uint64_t{words[2]} << 32 | words[3]};
}

bool endpoint(std::string_view text, Address& a, std::uint16_t& port) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto parsed = address(text.substr(0, colon));
  const auto number_after = number<std::uint16_t>(text.substr(colon + 1), 16);
  if (!parsed || !number_after) return false;
  a = *parsed, port = *number_after;
  return true;
}

// \040 and the like of mountinfo.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      if (const auto code = number<unsigned>(text.substr(i + 1, 3), 8); code && *code < 256) {
        out += static_cast<char>(*code);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

bool is_hex_id(std::string_view text) {
  return text.size() >= 32 && std::all_of(text.begin(), text.end(), [](char c) { return std::strchr("0123456789abcdef", c) && c != 0; });
}

// "docker-0123….scope", "cri-containerd-….scope", "/docker/0123…", "/lxc/name", "/machine.slice/machine-x.scope".
std::string container_of(std::string_view part, std::string_view parent) {
  auto name = part;
  if (name.ends_with(".scope")) name.remove_suffix(6);
  if (const auto dash = name.rfind('-'); dash != std::string_view::npos && is_hex_id(name.substr(dash + 1)))
    return std::string{name.substr(dash + 1)};
  if (is_hex_id(name)) return std::string{name};
  if (parent == "lxc" || parent == "lxc.payload" || parent == "docker") return std::string{name};
  if (name.starts_with("lxc.payload.")) return std::string{name.substr(12)};
  if (parent == "machine.slice" && name.starts_with("machine-")) return std::string{name.substr(8)};
  return {};
}

}  // namespace

bool parse_stat(std::string_view text, Process& into) {
  // "4127 (a) b) S 1 …": the name ends at the last bracket.
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
  const auto pid = number<std::int64_t>(text.substr(0, open ? open - 1 : 0));
  if (!pid) return false;
  into.pid = *pid;
  into.comm = text.substr(open + 1, std::min<std::size_t>(close - open - 1, 64));
  auto rest = text.substr(close + 1);
  for (int field = 3; field <= 22; ++field) {
    auto value = word(rest);
    if (!value.empty() && value.back() == '\n') value.remove_suffix(1);
    if (field == 4) into.parent = number<std::int64_t>(value).value_or(0);
    if (field == 9) into.kernel_thread = (number<std::uint64_t>(value).value_or(0) & kKernelThreadFlag) != 0;
    if (field == 22) into.start_ticks = number<std::uint64_t>(value).value_or(0);
  }
  return true;
}

std::int64_t parse_effective_uid(std::string_view text) {
  while (!text.empty()) {
    auto l = line(text);
    if (!l.starts_with("Uid:")) continue;
    l.remove_prefix(4);
    word(l);
    return number<std::int64_t>(word(l)).value_or(-1);
  }
  return -1;
}

std::vector<std::string> parse_arguments(std::string_view text) {
  std::vector<std::string> args;
  while (!text.empty() && args.size() < 256) {
    const auto end = std::min(text.find('\0'), text.size());
    args.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!args.empty() && args.back().empty()) args.pop_back();
  return args;
}

void parse_cgroup(std::string_view text, Process& into) {
  std::string_view unified, systemd;
  while (!text.empty()) {
    const auto l = line(text);
    const auto first = l.find(':');
    const auto second = first == std::string_view::npos ? first : l.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto controllers = l.substr(first + 1, second - first - 1), path = l.substr(second + 1);
    if (l.substr(0, first) == "0" && controllers.empty()) unified = path;
    if (controllers == "name=systemd") systemd = path;
  }
  // Under cgroup v1 everything may lie in the root of the unified hierarchy.
  const auto path = unified.size() > 1 ? unified : systemd.size() > 1 ? systemd : unified;
  into.cgroup = path;
  into.unit.clear();
  into.container.clear();
  std::string_view parent;
  for (auto rest = path; !rest.empty();) {
    const auto end = std::min(rest.find('/'), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty()) continue;
    if (part.ends_with(".service") || part.ends_with(".scope") || part.ends_with(".socket") || part.ends_with(".mount")) into.unit = part;
    if (auto id = container_of(part, parent); !id.empty()) into.container = std::move(id);
    parent = part;
  }
}

std::optional<std::uint64_t> parse_bracketed(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix) || !text.ends_with(']')) return std::nullopt;
  text.remove_prefix(prefix.size());
  if (!text.starts_with(":[")) return std::nullopt;
  return number<std::uint64_t>(text.substr(2, text.size() - 3));
}

void parse_exe_link(std::string_view text, Process& into) {
  constexpr std::string_view kDeleted = " (deleted)";
  into.exe_deleted = text.ends_with(kDeleted);
  if (into.exe_deleted) text.remove_suffix(kDeleted.size());
  into.exe = text;
}

bool parse_inet_sockets(std::string_view text, SocketKind kind, bool v6, std::size_t max_sockets, std::vector<HostSocket>& out) {
  line(text);  // the heading
  while (!text.empty()) {
    auto l = line(text);
    HostSocket s;
    s.kind = kind, s.v6 = v6;
    word(l);  // number of the slot
    if (!endpoint(word(l), s.local, s.local_port) || !endpoint(word(l), s.remote, s.remote_port)) continue;
    const auto state = number<std::uint8_t>(word(l), 16);
    if (!state) continue;
    s.state = *state;
    for (int skipped = 0; skipped < 3; ++skipped) word(l);  // queues, timer, retransmissions
    s.uid = number<std::int64_t>(word(l)).value_or(-1);
    word(l);  // time-out
    s.inode = number<std::uint64_t>(word(l)).value_or(0);
    if (kind == SocketKind::raw) {
      s.protocol = s.local_port;  // the kernel prints the protocol where ports stand
      s.local_port = s.remote_port = 0;
    }
    if (out.size() >= max_sockets) return false;
    out.push_back(s);
  }
  return true;
}

bool parse_packet_sockets(std::string_view text, std::size_t max_sockets, std::vector<HostSocket>& out) {
  line(text);
  while (!text.empty()) {
    auto l = line(text);
    HostSocket s;
    s.kind = SocketKind::packet;
    for (int skipped = 0; skipped < 3; ++skipped) word(l);  // sk, reference count, type
    const auto protocol = number<std::uint16_t>(word(l), 16);
    if (!protocol) continue;
    s.protocol = *protocol;
    for (int skipped = 0; skipped < 3; ++skipped) word(l);  // interface, running, memory
    s.uid = number<std::int64_t>(word(l)).value_or(-1);
    s.inode = number<std::uint64_t>(word(l)).value_or(0);
    if (out.size() >= max_sockets) return false;
    out.push_back(s);
  }
  return true;
}

std::vector<std::string> parse_default_routes(std::string_view text, bool v6) {
  constexpr unsigned kUp = 1, kReject = 0x200;  // RTF_UP, RTF_REJECT of <linux/route.h>
  std::vector<std::string> names;
  while (!text.empty()) {
    auto l = line(text);
    std::vector<std::string_view> fields;
    for (auto w = word(l); !w.empty(); w = word(l)) fields.push_back(w);
    const std::size_t flags = v6 ? 8 : 3, name = v6 ? 9 : 0;
    if (fields.size() < (v6 ? 10 : 8)) continue;
    const auto zero = [&](std::size_t i) { return fields[i].find_first_not_of('0') == std::string_view::npos; };
    if (v6 ? fields[1] != "00" || !zero(0) || fields[name] == "lo" : !zero(1) || !zero(7)) continue;
    const auto bits = number<unsigned>(fields[flags], 16).value_or(0);
    if (!(bits & kUp) || (bits & kReject)) continue;
    if (std::find(names.begin(), names.end(), fields[name]) == names.end()) names.emplace_back(fields[name]);
  }
  return names;
}

std::vector<Address> parse_own_addresses(std::string_view fib_trie, std::string_view if_inet6) {
  std::vector<Address> own;
  const auto add = [&](const Address& a) {
    const bool loopback = is_v4(a) ? v4_value(a) >> 24 == 127 : a.high == 0;
    const bool link_local = is_v4(a) ? v4_value(a) >> 16 == 0xa9fe : a.high >> 54 == 0xfe80 >> 6;
    if (!loopback && !link_local && std::find(own.begin(), own.end(), a) == own.end()) own.push_back(a);
  };
  // "  |-- 192.0.2.1" and on the line below "/32 host LOCAL".
  std::string_view leaf;
  while (!fib_trie.empty()) {
    const auto l = line(fib_trie);
    if (const auto at = l.find("|-- "); at != std::string_view::npos) leaf = l.substr(at + 4);
    if (l.find("/32 host LOCAL") == std::string_view::npos) continue;
    if (const auto a = parse_address(leaf)) add(*a);
  }
  while (!if_inet6.empty()) {
    auto l = line(if_inet6);
    const auto hex = word(l);
    std::uint64_t halves[2] = {};
    bool good = hex.size() == 32;
    for (std::size_t i = 0; good && i < 2; ++i) {
      const auto half = number<std::uint64_t>(hex.substr(i * 16, 16), 16);
      good = half.has_value();
      halves[i] = half.value_or(0);
    }
    if (good) add({halves[0], halves[1]});
  }
  return own;
}

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    auto l = line(text);
    for (int skipped = 0; skipped < 4; ++skipped) word(l);  // id, parent, device, root
    Mount m;
    m.point = unescaped(word(l));
    while (!l.empty() && word(l) != "-") {
    }
    m.type = word(l);
    m.source = unescaped(word(l));
    if (!m.point.empty() && !m.type.empty()) mounts.push_back(std::move(m));
  }
  return mounts;
}

}  // namespace sekisho
