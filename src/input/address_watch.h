// AddressWatch: notices that addresses or interfaces of this host come and go.
#pragma once
#include "base/fd.h"
#include "base/result.h"

namespace sekisho {

// One thread. Needs no capability.
class AddressWatch {
 public:
  static Result<AddressWatch> open();
  // Has anything changed since the last call? Never waits. Afterwards ask local_networks() or find_interface().
  bool changed();

 private:
  Fd socket_;
};

}  // namespace sekisho
