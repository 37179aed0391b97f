// Output files of reports: written whole or not at all.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace sekisho {

// "-" is standard output. A regular file is replaced at once (temporary file beside it, flushed, then renamed; a symbolic link is followed;
// an existing file's permissions stay); devices and pipes are written directly. On an error the old file is untouched.
Result<void> write_output(const std::string& path, std::string_view content);

}  // namespace sekisho
