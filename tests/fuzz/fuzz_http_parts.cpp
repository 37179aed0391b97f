// The parsers of HTTP's parts: any bytes, no crash, bounded results.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "web/access.h"
#include "web/assets.h"
#include "web/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  HttpRequest request;
  if (parse_target(text, request).ok() && (request.path.empty() || request.path.front() != '/' || request.query.size() > 32)) std::abort();
  if (const auto cookie = cookie_value(text, "sekisho"); cookie && cookie->size() > size) std::abort();
  accepts_encoding(text, "gzip");
  if (const auto when = parse_when(text, 1.8e9); when && !(*when > -1e12 && *when < 1e12)) std::abort();
  if (host_name(text).find_first_of(" \r\n/@") != std::string::npos) std::abort();
  read_bundle(text);
  return 0;
}
