// Words that several checks share: a process, a socket, a place in the file system.
#pragma once
#include <string>
#include <string_view>

#include "audit/host_view.h"

namespace sekisho {

// "pid 4127 /tmp/.x/dvrHelper (deleted), uid 0, cron.service, started by sshd (611)"; escaped.
std::string describe(HostView& host, const Process& process);
// "tcp 0.0.0.0:23", "raw IPv4 protocol 6 (TCP)", "packet socket, Ethernet type 0x0003".
std::string describe(const HostSocket& socket);
// The holders of a socket, or why they are not known.
std::string describe_holders(HostView& host, const HostSocket& socket);
// The name that a command for this process wants: the unit, else the pid.
std::string stop_command(const Process& process);

bool is_loopback(const Address& address);
// Temporary folders: what lives there was brought by somebody, not by a package.
bool in_temporary_folder(std::string_view path);
// A part of the path, besides well-known ones, begins with a dot: "/tmp/.x/run".
bool has_hidden_part(std::string_view path);
std::string_view base_name(std::string_view path);

}  // namespace sekisho
