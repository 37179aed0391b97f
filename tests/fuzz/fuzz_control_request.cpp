// Lines of the control socket: any bytes are refused or understood, and what is understood survives being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "control/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  const auto request = parse_request({reinterpret_cast<const char*>(data), size});
  if (!request.ok()) return 0;
  const auto again = parse_request(request_line(request.value()));
  if (!again.ok()) {
    if (request_line(request.value()).size() > kMaxRequestBytes) return 0;
    std::abort();
  }
  if (again.value().verb != request.value().verb || again.value().id != request.value().id || again.value().role != request.value().role)
    std::abort();
  return 0;
}
