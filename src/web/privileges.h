// Privileges: what the dashboard's process gives up once it listens. Nothing that parses HTTP has a capability.
#pragma once
#include <string>

#include "base/result.h"

namespace sekisho {

// As root: becomes `user` with its groups, when there is such a user; otherwise stays user 0 without any capability. As anybody else:
// stays who it is. Always: no capability, no new privileges by running programs, no core dump. Returns a sentence that says what holds.
Result<std::string> drop_privileges(const std::string& user);

// Forbids the system calls that a server of files and sockets does not make: running programs, tracing, mounting, modules, keys, other
// namespaces, raw sockets … (a list of what is refused: the libraries may use whatever else they like). An error says why the kernel
// refused.
Result<void> refuse_system_calls();

}  // namespace sekisho
