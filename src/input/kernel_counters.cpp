// Statistics of /proc/net and of interfaces.
#include "input/kernel_counters.h"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sekisho {
namespace {

using Counter = std::uint64_t KernelEvidence::*;
constexpr std::array kFiles{"/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6", "/proc/net/softnet_stat"};

struct Name {
  std::string_view protocol, name;
  Counter counter;
};
constexpr std::array kNames{
    Name{"TcpExt", "SyncookiesSent", &KernelEvidence::syn_cookies_sent},
    Name{"TcpExt", "TCPReqQFullDoCookies", &KernelEvidence::request_queue_full},
    Name{"TcpExt", "TCPReqQFullDrop", &KernelEvidence::request_queue_full},
    Name{"TcpExt", "ListenDrops", &KernelEvidence::listen_drops},
    Name{"TcpExt", "ListenOverflows", &KernelEvidence::listen_overflows},
    Name{"Udp", "NoPorts", &KernelEvidence::udp_no_ports},
    Name{"Udp", "RcvbufErrors", &KernelEvidence::udp_buffer_errors},
    Name{"Udp", "InCsumErrors", &KernelEvidence::checksum_errors},
    Name{"Tcp", "InCsumErrors", &KernelEvidence::checksum_errors},
    Name{"Icmp", "InCsumErrors", &KernelEvidence::checksum_errors},
    Name{"Ip", "ReasmFails", &KernelEvidence::reassembly_failures},
    Name{"", "Udp6NoPorts", &KernelEvidence::udp_no_ports},
    Name{"", "Udp6RcvbufErrors", &KernelEvidence::udp_buffer_errors},
    Name{"", "Udp6InCsumErrors", &KernelEvidence::checksum_errors},
    Name{"", "Ip6ReasmFails", &KernelEvidence::reassembly_failures},
};
constexpr std::array<Counter, 10> kCounters{&KernelEvidence::syn_cookies_sent, &KernelEvidence::request_queue_full,
                                            &KernelEvidence::listen_drops,     &KernelEvidence::listen_overflows,
                                            &KernelEvidence::udp_no_ports,     &KernelEvidence::udp_buffer_errors,
                                            &KernelEvidence::checksum_errors,  &KernelEvidence::reassembly_failures,
                                            &KernelEvidence::softnet_dropped,  &KernelEvidence::link_dropped};

// The next word of a line, which is shortened by it; empty at its end.
std::string_view take_word(std::string_view& line) {
  const auto begin = std::min(line.find_first_not_of(" \t"), line.size());
  const auto end = std::min(line.find_first_of(" \t", begin), line.size());
  const auto word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}
std::uint64_t number(std::string_view word, int base = 10) {
  std::uint64_t value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value, base);
  return value;
}

void add(std::string_view protocol, std::string_view name, std::string_view value, KernelEvidence& totals) {
  for (const auto& n : kNames)
    if (n.name == name && n.protocol == protocol) totals.*n.counter += number(value);
}

std::string read_all(int fd) {
  std::string text(16'384, '\0');
  std::size_t used = 0;
  for (ssize_t got; used < 1 << 20 && (got = ::pread(fd, text.data() + used, text.size() - used, static_cast<off_t>(used))) > 0;) {
    used += static_cast<std::size_t>(got);
    if (used == text.size()) text.resize(text.size() * 2);
  }
  text.resize(used);
  return text;
}

}  // namespace

void add_snmp(std::string_view text, KernelEvidence& totals) {
  while (!text.empty()) {
    auto names = take_line(text), values = take_line(text);
    auto protocol = take_word(names);
    if (protocol != take_word(values) || protocol.empty()) continue;
    protocol.remove_suffix(1);  // the colon
    for (auto name = take_word(names), value = take_word(values); !name.empty() && !value.empty();
         name = take_word(names), value = take_word(values))
      add(protocol, name, value, totals);
  }
}

void add_snmp6(std::string_view text, KernelEvidence& totals) {
  while (!text.empty()) {
    auto line = take_line(text);
    const auto name = take_word(line);
    add("", name, take_word(line), totals);
  }
}

void add_softnet(std::string_view text, KernelEvidence& totals) {
  while (!text.empty()) {
    auto line = take_line(text);
    take_word(line);  // processed
    totals.softnet_dropped += number(take_word(line), 16);
  }
}

KernelCounters KernelCounters::open(const std::vector<std::string>& interfaces) {
  KernelCounters c;
  for (std::size_t i = 0; i < kFiles.size(); ++i) c.files_[i] = Fd{::open(kFiles[i], O_RDONLY | O_CLOEXEC)};
  c.interfaces_ = interfaces;
  if (auto links = LinkReader::open(); links.ok()) c.links_.emplace(std::move(links).value());
  return c;
}

KernelEvidence KernelCounters::totals() {
  KernelEvidence now;
  constexpr std::array parsers{add_snmp, add_snmp, add_snmp6, add_softnet};
  for (std::size_t i = 0; i < files_.size(); ++i)
    if (files_[i]) parsers[i](read_all(files_[i].get()), now);
  for (const auto& name : interfaces_)
    if (const unsigned index = ::if_nametoindex(name.c_str()); index != 0 && links_)
      if (const auto info = links_->read(index); info.ok()) now.link_dropped += info.value().rx_dropped + info.value().rx_missed;
  return now;
}

KernelEvidence KernelCounters::read() {
  KernelEvidence now = totals();
  now.known = true;
  KernelEvidence since = now;
  // A counter that went back belongs to an interface that came anew.
  for (const auto counter : kCounters) since.*counter = now.*counter - std::min(now.*counter, before_.*counter);
  since.known = std::exchange(before_, now).known;
  return since;
}

}  // namespace sekisho
