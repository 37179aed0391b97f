// AddressWatch: notices that addresses or interfaces of this host come and go.
#pragma once
#include "base/fd.h"
#include "base/result.h"

namespace sekisho {

// One thread. Needs no capability.
class AddressWatch {
 public:
  // `routes`: also when routes come and go.
  static Result<AddressWatch> open(bool routes = false);
  // Has anything changed since the last call? Never waits. Afterwards ask local_networks() or find_interface().
  bool changed();

 private:
  Fd socket_;
};

}  // namespace sekisho
