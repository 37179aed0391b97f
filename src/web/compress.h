// gzip for answers that are made on the fly.
#pragma once
#include <string>
#include <string_view>

namespace sekisho {

// Empty when it would not be smaller.
std::string gzip(std::string_view text);

}  // namespace sekisho
