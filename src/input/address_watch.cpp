// Subscribes to rtnetlink's groups; what exactly changed is read anew by whoever asks, so that no message is parsed or missed.
#include "input/address_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace sekisho {

Result<AddressWatch> AddressWatch::open(bool routes) {
  AddressWatch watch;
  watch.socket_ = Fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (routes) address.nl_groups |= RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (!watch.socket_ || ::bind(watch.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error{std::string{"changes of addresses cannot be followed: "} + std::strerror(errno)};
  return watch;
}

bool AddressWatch::changed() {
  bool any = false;
  std::uint8_t message[8192];
  for (;;) {
    const auto got = ::recv(socket_.get(), message, sizeof message, MSG_TRUNC);
    if (got >= 0 || errno == ENOBUFS)  // ENOBUFS: so many messages that some were lost
      any = true;
    else if (errno != EINTR)
      return any;
  }
}

}  // namespace sekisho
