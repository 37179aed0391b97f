// Which addresses a webhook may not reach unless that is allowed: this machine, private and link-local networks, the metadata of clouds.
#pragma once
#include <sys/socket.h>

#include <string>

namespace sekisho {

bool is_private_target(const sockaddr* address);   // also what is neither IPv4 nor IPv6
std::string target_text(const sockaddr* address);  // "192.0.2.5"

}  // namespace sekisho
