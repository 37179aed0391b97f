// RTM_GETLINK for one interface at a time (rtnetlink(7)).
#include "input/link_info.h"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

namespace sekisho {
namespace {

Error failed(int error) { return {fmt::format("the kernel does not tell about interfaces: {}", std::strerror(error))}; }

// Calls `each` with type and data of every attribute.
void for_each_attribute(const rtattr* first, int bytes, auto each) {
  for (const rtattr* a = first; RTA_OK(a, bytes); a = RTA_NEXT(a, bytes))
    each(a->rta_type & NLA_TYPE_MASK, static_cast<const std::uint8_t*>(RTA_DATA(a)), RTA_PAYLOAD(a), a);
}

template <class T>
T value(const std::uint8_t* data, std::size_t size) {
  T v{};
  std::memcpy(&v, data, std::min(sizeof v, size));  // statistics grow at their end from kernel to kernel
  return v;
}

LinkInfo read_attributes(const nlmsghdr& message) {
  LinkInfo info;
  const auto* body = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
  info.index = static_cast<unsigned>(body->ifi_index);
  for_each_attribute(
      IFLA_RTA(body), static_cast<int>(IFLA_PAYLOAD(&message)), [&](int type, const auto* data, std::size_t size, const rtattr* a) {
        switch (type) {
          case IFLA_STATS64: {
            const auto s = value<rtnl_link_stats64>(data, size);
            info.rx_packets = s.rx_packets, info.rx_bytes = s.rx_bytes, info.tx_packets = s.tx_packets, info.tx_bytes = s.tx_bytes;
            info.rx_dropped = s.rx_dropped, info.rx_missed = s.rx_missed_errors;
            break;
          }
          case IFLA_MASTER: info.master = value<std::uint32_t>(data, size); break;
          case IFLA_LINK: info.lower = value<std::uint32_t>(data, size); break;
          case IFLA_LINKINFO:
            for_each_attribute(static_cast<const rtattr*>(RTA_DATA(a)), static_cast<int>(RTA_PAYLOAD(a)),
                               [&](int inner, const auto* text, std::size_t length, const rtattr*) {
                                 if (inner == IFLA_INFO_KIND)
                                   info.kind.assign(reinterpret_cast<const char*>(text),
                                                    ::strnlen(reinterpret_cast<const char*>(text), length));
                               });
            break;
          default: break;
        }
      });
  return info;
}

}  // namespace

Result<LinkReader> LinkReader::open() {
  LinkReader reader;
  reader.socket_ = Fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!reader.socket_) return failed(errno);
  const timeval patience{1, 0};  // the kernel answers at once; never hang on it
  ::setsockopt(reader.socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return reader;
}

Result<LinkInfo> LinkReader::read(unsigned index) {
  struct {
    nlmsghdr header{};
    ifinfomsg body{};
  } request;
  request.header.nlmsg_len = sizeof request, request.header.nlmsg_type = RTM_GETLINK, request.header.nlmsg_flags = NLM_F_REQUEST;
  request.header.nlmsg_seq = ++sequence_;
  request.body.ifi_family = AF_UNSPEC, request.body.ifi_index = static_cast<int>(index);
  if (::send(socket_.get(), &request, sizeof request, 0) < 0) return failed(errno);
  alignas(nlmsghdr) std::uint8_t answer[32'768];
  for (;;) {
    const auto got = ::recv(socket_.get(), answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    auto left = static_cast<unsigned>(got);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(answer); NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_seq != sequence_) continue;  // the answer to a question that was given up
      if (m->nlmsg_type == NLMSG_ERROR) return failed(-static_cast<const nlmsgerr*>(NLMSG_DATA(m))->error);
      if (m->nlmsg_type == RTM_NEWLINK) return read_attributes(*m);
    }
  }
}

}  // namespace sekisho
