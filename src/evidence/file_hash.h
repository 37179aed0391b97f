// SHA-256 of a file.
#pragma once
#include <string>

#include "base/result.h"

namespace sekisho {

// 64 hexadecimal digits.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace sekisho
