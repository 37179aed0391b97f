// Any bytes as a configuration file: refused with a message or accepted, never a crash, a hang or an unescaped message.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "app/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = sekisho::parse_config_text("fuzz", {reinterpret_cast<const char*>(data), size});
  if (!config.ok()) {
    const auto& message = config.error().message;
    if (message.find('\x1b') != std::string::npos || message.size() > 16'384) std::abort();
  }
  return 0;
}
