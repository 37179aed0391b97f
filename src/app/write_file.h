// write_file: a whole file or none of it.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace sekisho {

// Writes beside `path` and renames: a reader never sees half a file, and what was there stays when the disk is full.
// Something that is no regular file (/dev/stdout, a pipe) is written to directly.
Result<void> write_file(const std::string& path, std::string_view text);

}  // namespace sekisho
