// Sending: one attempt to hand a delivery to its receiver. Blocks, at most for the channel's time-out.
#pragma once
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "alert/channel.h"

namespace sekisho {

struct AlertOutcome {
  enum class Kind { delivered, try_again, refused };  // refused: the receiver will never take this one
  Kind kind = Kind::delivered;
  std::string sentence;  // "hooks.example answered 503"; holds no secret
  std::optional<std::chrono::seconds> retry_after;
};

// Any thread.
AlertOutcome send_alert(const AlertChannel& channel, const AlertDelivery& delivery, const std::stop_token& stop);

// Parts of it, one file each.
AlertOutcome send_http(const AlertChannel& channel, const AlertHttp& request, const std::stop_token& stop);
AlertOutcome send_mail(const AlertChannel& channel, const AlertMail& mail, const std::stop_token& stop);
AlertOutcome send_datagram(const AlertChannel& channel, const AlertDatagram& datagram, const std::stop_token& stop);

}  // namespace sekisho
