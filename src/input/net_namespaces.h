// The network namespaces in which processes of this host live (containers have one each), and the sockets in them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/socket_sample.h"

namespace sekisho {

constexpr std::size_t kMaxNamespaces = 256;          // looked into at a time; more are noted
constexpr std::size_t kMaxForeignSockets = 500'000;  // of all of them together

// Each namespace once, but the reader's own, by the first process found in it. `unread`: processes that may not be asked.
// One thread. Costs one readlink for each process.
std::vector<NetNamespace> net_namespaces(std::size_t most, SocketSnapshot& notes);

// Appends the sockets of all other namespaces to the snapshot, with net_ns set. A thread of its own enters them one after the other, so
// that the caller's stays where it is. Where that is not permitted (it needs CAP_SYS_ADMIN) /proc/PID/net is read: without counters. A
// namespace that goes away meanwhile is no error. Never fails; what could not be read is in `notes`.
void add_namespace_sockets(SocketSnapshot& snapshot);

}  // namespace sekisho
